/** @file The state of a CPU random generator: PyTorch's mt19937, in the memory that the `random` kernels read and write. */
import { ValueError } from "../../core/errors.ts";
import { engine } from "./engine.ts";

const WORDS = 624;

// Where the rest lies, in 32-bit words; native/portable/random.cc declares the same struct.
const LEFT = 624;
const NEXT = 625;
const HAS_NORMAL = 626;
const NORMAL = 628;
const SEED = 630;
const STATE_WORDS = 632;

/** Bytes of `torch.get_rng_state()`. */
const SAVED_BYTES = 5056;

// Where PyTorch's saved state has its fields, in bytes; each word of the generator takes 8 there.
const SAVED = { seed: 0, left: 8, seeded: 12, next: 16, words: 24, normal: 5024, hasNormal: 5040 } as const;

export class RandomState {
  readonly state = new Uint32Array(STATE_WORDS);
  private readonly block = engine.adopt(this.state.buffer, 0, this.state.byteLength);
  private readonly normal = new Float64Array(this.state.buffer, NORMAL * 4, 1);

  /** What a kernel is given. */
  get address(): number {
    return this.block.address;
  }

  constructor(seed = 5489n) {
    this.seed(seed);
  }

  /** Starts over from a seed, of which the lower 64 bits count (and the lower 32 decide the stream). */
  seed(seed: bigint): void {
    const { state } = this;
    const bits = BigInt.asUintN(64, seed);
    let word = Number(bits & 0xffffffffn);
    state[0] = word;
    for (let i = 1; i < WORDS; i++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
      state[i] = word;
    }
    state[LEFT] = 1;
    state[NEXT] = 0;
    state[HAS_NORMAL] = 0;
    this.normal[0] = 0;
    state[SEED] = Number(bits & 0xffffffffn);
    state[SEED + 1] = Number(bits >> 32n);
  }

  get initialSeed(): bigint {
    return (BigInt(this.state[SEED + 1] as number) << 32n) | BigInt(this.state[SEED] as number);
  }

  /** The bytes of PyTorch's `torch.get_rng_state()`. */
  getState(): Uint8Array {
    const { state } = this;
    const bytes = new Uint8Array(SAVED_BYTES);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(SAVED.seed, this.initialSeed, true);
    view.setInt32(SAVED.left, state[LEFT] as number, true);
    view.setInt32(SAVED.seeded, 1, true);
    view.setUint32(SAVED.next, state[NEXT] as number, true);
    for (let i = 0; i < WORDS; i++) view.setUint32(SAVED.words + 8 * i, state[i] as number, true);
    const hasNormal = state[HAS_NORMAL] as number;
    if (hasNormal) view.setFloat64(SAVED.normal, this.normal[0] as number, true);
    view.setInt32(SAVED.hasNormal, hasNormal, true);
    return bytes;
  }

  /**
   * Takes over what `getState` (or PyTorch) gave.
   * @throws ValueError if these are not the bytes of a generator
   */
  setState(bytes: Uint8Array): void {
    if (bytes.length !== SAVED_BYTES)
      throw new ValueError(`setState: expected the ${SAVED_BYTES} bytes of a CPU generator, got ${bytes.length}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const left = view.getInt32(SAVED.left, true);
    const next = view.getUint32(SAVED.next, true);
    const seeded = view.getInt32(SAVED.seeded, true);
    // `left` counts the words still to come: the kernels must not be led out of the block.
    const consistent = left >= 1 && left <= WORDS && next + left <= WORDS + 1;
    if (seeded !== 1 || !consistent)
      throw new ValueError(`setState: expected the state of a CPU generator, got left = ${left}, next = ${next}`);
    const { state } = this;
    for (let i = 0; i < WORDS; i++) state[i] = view.getUint32(SAVED.words + 8 * i, true);
    state[LEFT] = left;
    state[NEXT] = next;
    state[HAS_NORMAL] = view.getInt32(SAVED.hasNormal, true) === 0 ? 0 : 1;
    this.normal[0] = view.getFloat64(SAVED.normal, true);
    state[SEED] = view.getUint32(SAVED.seed, true);
    state[SEED + 1] = view.getUint32(SAVED.seed + 4, true);
  }
}
