// pointwise: runs a program over strided operands, a tile at a time.
//
// Arguments: program, outputs, inputs, ndim, scalars, sizes[ndim]; for each operand (outputs first) address, dtype,
// strides[ndim] in elements; scalars (a double each, or the bits of an int64 in i64 programs).
//
// An operand whose elements lie side by side in the register type is used where it is; others pass through a tile of
// registers. A program of the hot list runs as one loop where all operands allow it. (One file of this length, because the order of
// the dimensions, the ways to walk them and the operands' ways into registers all decide over the same job.)
#include "tile.h"

#include "../args.h"
#include "../move.h"
#include "../platform.h"
#include "../threads.h"
#include "load_store.h"

namespace TT_NS {
namespace {

constexpr int64_t kTileBytes = 2048, kLongTileBytes = 8192;
// Rows shorter than this are gathered into full tiles.
constexpr int64_t kShortRow = 32;
// What a piece of parallel work costs at least, in additions.
constexpr int64_t kGrainCost = 1 << 17;

struct Operand {
  char* data;
  int32_t dtype;
  int32_t item;
  bool is_linear;    // its elements lie side by side in the order of the walk
  int64_t* strides;  // in bytes
};

struct Job {
  const tt_program* program;
  const tt_hot_loop* hot;      // null: not hot, or an operand has another dtype
  const tt_hot_loop* over_registers;  // the same over tiles of registers; null: not hot, or an operand of it is a bool
  const tt_tile_function* tiles;
  const void* scalars;
  int32_t outputs, operands;
  int32_t register_size;
  tt_box box;
  int32_t status;
  bool in_blocks;  // an input lies across the rows
  Operand operand[TT_MAX_OPERANDS];
  int64_t sizes[kMaxDims];
};

// Whether a program is nothing but a copy of its only input.
bool copies(const tt_program& p) {
  return p.inputs == 1 && p.outputs == 1 && p.instructions == 1 && p.code[0].primitive == 0 && p.code[0].a == 0;
}

// Whether an input's neighbours in memory belong to neighbouring rows.
bool lies_across(const Job& job, int32_t k) {
  const Operand& o = job.operand[k];
  return k >= job.outputs && job.box.dims > 1 && o.strides[0] > o.item && o.strides[1] == o.item;
}

int64_t blocks_of(const Job& job) { return (job.sizes[1] + kBlockRows - 1) / kBlockRows; }

// How a range of the work reaches an operand.
enum Access : uint8_t {
  kDirect,   // in place
  kOnce,     // an input that is one value along the row: filled at the row's start
  kRow,      // through a tile of registers, along the row
  kAcross,   // through a tile of registers, across rows
  kBlock,    // an input whose neighbours lie in the next row: a block of rows at a time
  kPair,     // through a tile of registers each, with the next operand: the parts of complex numbers
  kPaired,   // that next operand
};

int64_t whole_blocks(int64_t n) { return n & -(int64_t)TT_TILE_BLOCK; }

// Fills up a block whose first n elements are there, with these once more.
void repeat_in_block(char* block, int64_t n, int64_t item) {
  for (int64_t more; n < TT_TILE_BLOCK; n += more) {
    more = n < TT_TILE_BLOCK - n ? n : TT_TILE_BLOCK - n;
    memcpy(block + n * item, block, more * item);
  }
}

// Any number of elements; those that do not fill a block in a block of their own.
void run_hot(const tt_hot_loop& hot, int32_t outputs, int32_t operands, char* const* data, const void* scalars, int64_t n) {
  const int64_t whole = whole_blocks(n), rest = n - whole;
  if (whole > 0) hot.loop(data, scalars, whole);
  if (rest == 0) return;
  alignas(64) char blocks[TT_HOT_OPERANDS][TT_TILE_BLOCK * 8];
  char* staged[TT_HOT_OPERANDS];
  for (int32_t k = 0; k < operands; k++) {
    const int64_t item = item_size(hot.dtypes[k]);
    staged[k] = blocks[k];
    if (k < outputs) continue;
    memset(blocks[k], 0, sizeof blocks[k]);
    memcpy(blocks[k], data[k] + whole * item, rest * item);
  }
  hot.loop(staged, scalars, TT_TILE_BLOCK);
  for (int32_t k = 0; k < outputs; k++) {
    const int64_t item = item_size(hot.dtypes[k]);
    memcpy(data[k] + whole * item, blocks[k], rest * item);
  }
}

template <class R>
struct Range {
  Job& job;
  int64_t tile = 0;                 // elements
  bool in_place = false;            // of an operand at least
  char* registers[TT_MAX_REGISTERS];  // of all kinds, in the program's numbering
  char* buffers[TT_MAX_OPERANDS];
  Access access[TT_MAX_OPERANDS];

  explicit Range(Job& of) : job(of) {}

  // Operand k's register: inputs come first, outputs after scalars and constants.
  int32_t register_of(int32_t k) const {
    const tt_program& p = *job.program;
    return k < job.outputs ? p.inputs + p.scalars + p.constants + k : k - job.outputs;
  }

  // In-place work that would overwrite what is still to be read.
  bool must_stage(int32_t output) const {
    if (!((job.program->early >> output) & 1)) return false;
    for (int32_t k = job.outputs; k < job.operands; k++)
      if (job.operand[k].data == job.operand[output].data) return true;
    return false;
  }

  // Whether operands k and k + 1 are the real and the imaginary parts of the same numbers.
  bool are_pair(int32_t k) const {
    if (k + 1 >= job.operands || k + 1 == job.outputs || access[k] != kRow || access[k + 1] != kRow) return false;
    const Operand &a = job.operand[k], &b = job.operand[k + 1];
    bool same_walk = a.dtype == dtype_of<R> && b.dtype == a.dtype && a.strides[0] == 2 * a.item && b.data == a.data + a.item;
    for (int32_t d = 0; d < job.box.dims; d++) same_walk = same_walk && a.strides[d] == b.strides[d];
    return same_walk;
  }

  bool prepare(int64_t n) {
    const tt_program& p = *job.program;
    const bool across = job.box.dims > 1 && job.box.sizes[0] < kShortRow;
    int64_t buffered = 0;
    for (int32_t k = 0; k < job.operands; k++) {
      const Operand& o = job.operand[k];
      const int64_t stride = o.strides[0];
      const bool side_by_side = o.is_linear || (!across && stride == o.item);
      if (o.dtype == p.type && side_by_side && !(k < job.outputs && must_stage(k))) {
        access[k] = kDirect;
      } else {
        access[k] = across                                   ? (o.is_linear ? kRow : kAcross)
                    : k >= job.outputs && stride == 0        ? kOnce
                    : job.in_blocks && lies_across(job, k) ? kBlock
                                                             : kRow;
        buffered += access[k] == kBlock ? kBlockRows : 1;
      }
      in_place = in_place || access[k] == kDirect;
    }
    for (int32_t k = 0; k < job.operands && !across && !job.in_blocks; k++) {
      if (are_pair(k)) access[k] = kPair, access[k + 1] = kPaired;
    }
    const bool is_hot = job.over_registers != nullptr;
    const int32_t values = is_hot ? 0 : p.scalars + p.constants, temporaries = is_hot ? 0 : p.temporaries;
    const int64_t tiles = values + temporaries + buffered;
    // Where nothing passes through registers, a tile costs no memory, and a long one fewer calls.
    tile = (tiles == 0 ? kLongTileBytes : kTileBytes) / (int64_t)sizeof(R);
    if (tile > n) tile = whole_blocks(n + TT_TILE_BLOCK - 1);
    const int64_t bytes = tile * sizeof(R);
    char* memory = (char*)tt_scratch(TT_SCRATCH_TILE, (size_t)(tiles * bytes + 64));
    if (memory == nullptr) return false;
    const auto take = [&](int64_t count = 1) {
      char* taken = memory;
      memory += count * bytes;
      return taken;
    };
    for (int32_t k = 0; k < job.operands; k++) {
      buffers[k] = access[k] == kDirect ? nullptr : take(access[k] == kBlock ? kBlockRows : 1);
      registers[register_of(k)] = buffers[k];
    }
    for (int32_t i = 0; i < values; i++) {
      char* to = take();
      registers[p.inputs + i] = to;
      R value;
      if (i < p.scalars) {
        memcpy(&value, (const char*)job.scalars + i * sizeof(R), sizeof(R));
      } else if constexpr (same<R, float>) {
        value = (float)((const double*)p.constant_values())[i - p.scalars];
      } else {
        value = ((const R*)p.constant_values())[i - p.scalars];
      }
      fill(i, value);
    }
    for (int32_t i = 0; i < temporaries; i++) registers[p.inputs + values + p.outputs + i] = take();
    return true;
  }

  // Sets scalar or constant i.
  void fill(int32_t i, R value) {
    R* to = (R*)registers[job.program->inputs + i];
    for (int64_t j = 0; j < tile; j++) to[j] = value;
  }

  // n elements of the registers, whole blocks.
  void execute_blocks(int64_t n) {
    const tt_program& p = *job.program;
    if (job.over_registers != nullptr) {
      char* data[TT_HOT_OPERANDS];
      for (int32_t k = 0; k < job.operands; k++) data[k] = registers[register_of(k)];
      return job.over_registers->loop(data, job.scalars, n);
    }
    int32_t status = TT_OK;
    for (int32_t i = 0; i < p.instructions; i++) {
      const tt_instruction& in = p.code[i];
      status |= job.tiles[in.primitive](registers[in.to], registers[in.a], registers[in.b], registers[in.c], n);
    }
    if (status != TT_OK) __atomic_store_n(&job.status, status, __ATOMIC_RELAXED);
  }

  // Any number of elements. What fills up the last block repeats them, so that it fails in nothing that they do not fail in.
  void execute(int64_t n) {
    const int64_t whole = whole_blocks(n), rest = n - whole;
    if (rest == 0) return execute_blocks(n);
    if (!in_place) {
      for (int32_t k = job.outputs; k < job.operands; k++)
        repeat_in_block(registers[register_of(k)] + whole * sizeof(R), rest, sizeof(R));
      return execute_blocks(whole + TT_TILE_BLOCK);
    }
    if (whole > 0) execute_blocks(whole);
    alignas(64) R blocks[TT_MAX_OPERANDS][TT_TILE_BLOCK];
    char* kept[TT_MAX_OPERANDS];
    for (int32_t k = 0; k < job.operands; k++) {
      char*& at = registers[register_of(k)];
      if (k >= job.outputs) {
        memcpy(blocks[k], at + whole * sizeof(R), rest * sizeof(R));
        repeat_in_block((char*)blocks[k], rest, sizeof(R));
      }
      kept[k] = at;
      at = (char*)blocks[k];
    }
    execute_blocks(TT_TILE_BLOCK);
    for (int32_t k = 0; k < job.operands; k++) {
      registers[register_of(k)] = kept[k];
      if (k < job.outputs) memcpy(kept[k] + whole * sizeof(R), blocks[k], rest * sizeof(R));
    }
  }

  // An operand that passes through registers, into them and out of them.
  void load_operand(int32_t k, const char* from, int64_t n) {
    const Operand& o = job.operand[k];
    if (access[k] == kPair) TT_SYMBOL(split_pairs)(buffers[k], buffers[k + 1], sizeof(R), from, n);
    else if (access[k] != kPaired) load_run((R*)buffers[k], o.dtype, from, o.strides[0], n);
  }
  void store_operand(int32_t k, char* to, int64_t n) {
    const Operand& o = job.operand[k];
    if (access[k] == kPair) TT_SYMBOL(join_pairs)(to, buffers[k], buffers[k + 1], sizeof(R), n);
    else if (access[k] != kPaired) store_run(to, o.dtype, o.strides[0], (const R*)buffers[k], n);
  }

  // A copy that converts: directly, where one side is of the register type.
  void convert_row(char* const* at, int64_t n) {
    const Operand &to = job.operand[0], &from = job.operand[1];
    if (access[0] == kDirect) return load_run((R*)at[0], from.dtype, at[1], from.strides[0], n);
    if (access[1] == kDirect) return store_run(at[0], to.dtype, to.strides[0], (const R*)at[1], n);
    for (int64_t begin = 0; begin < n; begin += tile) {
      const int64_t count = n - begin < tile ? n - begin : tile;
      load_run((R*)buffers[1], from.dtype, at[1] + begin * from.strides[0], from.strides[0], count);
      store_run(at[0] + begin * to.strides[0], to.dtype, to.strides[0], (const R*)buffers[1], count);
    }
  }

  // A part of one row, whose operands begin at `at`.
  void run_row(char* const* at, int64_t n) {
    if (copies(*job.program)) return convert_row(at, n);
    for (int32_t k = job.outputs; k < job.operands; k++) {
      if (access[k] == kOnce) load_run((R*)buffers[k], job.operand[k].dtype, at[k], 0, n < tile ? n : tile);
    }
    for (int64_t begin = 0; begin < n; begin += tile) {
      const int64_t count = n - begin < tile ? n - begin : tile;
      for (int32_t k = 0; k < job.operands; k++) {
        const Operand& o = job.operand[k];
        char* here = at[k] + begin * o.strides[0];
        if (access[k] == kDirect) registers[register_of(k)] = here;
        else if (access[k] != kOnce && k >= job.outputs) load_operand(k, here, count);
      }
      execute(count);
      for (int32_t k = 0; k < job.outputs; k++)
        if (access[k] != kDirect) store_operand(k, at[k] + begin * job.operand[k].strides[0], count);
    }
  }

  // `rows` rows at once, whose operands begin at `at`: a cache line of an input that lies across them serves them all.
  void run_rows(char* const* at, int64_t rows) {
    const int64_t n = job.box.sizes[0];
    for (int64_t begin = 0; begin < n; begin += tile) {
      const int64_t count = n - begin < tile ? n - begin : tile;
      for (int32_t k = job.outputs; k < job.operands; k++) {
        const Operand& o = job.operand[k];
        if (access[k] == kBlock)
          load_block((R*)buffers[k], tile, o.dtype, at[k] + begin * o.strides[0], o.strides[0], count, rows);
      }
      for (int64_t r = 0; r < rows; r++) {
        for (int32_t k = 0; k < job.operands; k++) {
          const Operand& o = job.operand[k];
          char* here = at[k] + r * o.strides[1] + begin * o.strides[0];
          if (access[k] == kDirect) registers[register_of(k)] = here;
          else if (access[k] == kBlock) registers[register_of(k)] = buffers[k] + r * tile * sizeof(R);
          else if (k >= job.outputs) load_run((R*)buffers[k], o.dtype, here, o.strides[0], count);
        }
        execute(count);
        for (int32_t k = 0; k < job.outputs; k++) {
          const Operand& o = job.operand[k];
          char* here = at[k] + r * o.strides[1] + begin * o.strides[0];
          if (access[k] != kDirect) store_run(here, o.dtype, o.strides[0], (const R*)buffers[k], count);
        }
      }
    }
  }

  void run_across(int64_t position, int64_t end) {
    for (; position < end; position += tile) {
      const int64_t count = end - position < tile ? end - position : tile;
      for (int32_t k = 0; k < job.operands; k++) {
        const Operand& o = job.operand[k];
        if (access[k] == kDirect) registers[register_of(k)] = o.data + position * o.item;
        else if (k < job.outputs) continue;
        else if (access[k] == kRow) load_run((R*)buffers[k], o.dtype, o.data + position * o.item, o.item, count);
        else gather((R*)buffers[k], o.dtype, o.data, job.box, o.strides, position, count);
      }
      execute(count);
      for (int32_t k = 0; k < job.outputs; k++) {
        const Operand& o = job.operand[k];
        const R* from = (const R*)buffers[k];
        if (access[k] == kRow) store_run(o.data + position * o.item, o.dtype, o.item, from, count);
        else if (access[k] == kAcross) scatter(o.data, o.dtype, job.box, o.strides, position, from, count);
      }
    }
  }
};

// Positions begin..end of the walk, row by row.
template <class Row>
TT_INLINE void for_rows(const Job& job, int64_t begin, int64_t end, Row row) {
  int64_t index[kMaxDims];
  char* at[TT_MAX_OPERANDS];
  locate(job.box, begin, index);
  for (int32_t k = 0; k < job.operands; k++)
    at[k] = job.operand[k].data + offset_of(job.box, job.operand[k].strides, index);
  for (int64_t first = index[0]; begin < end; first = 0) {
    const int64_t rest = job.box.sizes[0] - first;
    const int64_t n = rest < end - begin ? rest : end - begin;
    row(at, n);
    begin += n;
    for (int32_t k = 0; k < job.operands; k++) at[k] -= first * job.operand[k].strides[0];
    for (int32_t d = 1; d < job.box.dims; d++) {
      for (int32_t k = 0; k < job.operands; k++) at[k] += job.operand[k].strides[d];
      if (++index[d] < job.box.sizes[d]) break;
      for (int32_t k = 0; k < job.operands; k++) at[k] -= job.operand[k].strides[d] * job.box.sizes[d];
      index[d] = 0;
    }
  }
}

// The hot loop needs every operand side by side, along rows that are worth a call.
bool runs_hot(const Job& job) {
  if (job.hot == nullptr || (job.box.dims > 1 && job.box.sizes[0] < kShortRow)) return false;
  for (int32_t k = 0; k < job.operands; k++) {
    const Operand& o = job.operand[k];
    if (o.strides[0] != o.item && !(o.strides[0] == 0 && k >= job.outputs)) return false;
  }
  return true;
}

template <class Item>
TT_INLINE void spread_value(char* to, const char* from, int64_t n) {
  const Item value = *(const Item*)from;
  for (int64_t i = 0; i < n; i++) ((Item*)to)[i] = value;
}

// A row with the hot loop; inputs that are one value along it are spread over a tile first.
void run_hot_row(const Job& job, char* const* at, int64_t n) {
  alignas(64) char spread[TT_MAX_OPERANDS / 4][kTileBytes];
  char* here[TT_MAX_OPERANDS];
  int64_t tile = n;
  int32_t used = 0;
  for (int32_t k = 0; k < job.operands; k++) {
    const Operand& o = job.operand[k];
    here[k] = at[k];
    if (o.strides[0] != 0) continue;
    const int64_t fits = kTileBytes / job.register_size;
    tile = tile < fits ? tile : fits;
    char* to = spread[used++];
    switch (o.item) {
      case 1: spread_value<uint8_t>(to, at[k], tile); break;
      case 4: spread_value<uint32_t>(to, at[k], tile); break;
      case 8: spread_value<uint64_t>(to, at[k], tile); break;
    }
    here[k] = to;
  }
  for (int64_t begin = 0; begin < n; begin += tile) {
    run_hot(*job.hot, job.outputs, job.operands, here, job.scalars, n - begin < tile ? n - begin : tile);
    for (int32_t k = 0; k < job.operands; k++) here[k] += tile * job.operand[k].strides[0];
  }
}

template <class R>
void run_range(void* context, int64_t begin, int64_t end, int) {
  Job& job = *(Job*)context;
  if (runs_hot(job)) {
    for_rows(job, begin, end, [&](char* const* at, int64_t n) { run_hot_row(job, at, n); });
    return;
  }
  Range<R> range(job);
  if (!range.prepare(end - begin)) {
    __atomic_store_n(&job.status, (int32_t)TT_OUT_OF_MEMORY, __ATOMIC_RELAXED);
  } else if (job.box.dims > 1 && job.box.sizes[0] < kShortRow) {
    range.run_across(begin, end);
  } else {
    for_rows(job, begin, end, [&](char* const* at, int64_t n) { range.run_row(at, n); });
  }
}

// Blocks of rows; `begin` and `end` count them.
template <class R>
void run_blocks(void* context, int64_t begin, int64_t end, int) {
  Job& job = *(Job*)context;
  Range<R> range(job);
  if (!range.prepare(job.box.sizes[0])) {
    __atomic_store_n(&job.status, (int32_t)TT_OUT_OF_MEMORY, __ATOMIC_RELAXED);
    return;
  }
  const int64_t blocks = blocks_of(job);
  const tt_box outer = {job.box.dims - 2, job.sizes + 2};
  for (; begin < end; begin++) {
    int64_t index[kMaxDims];
    index[0] = 0;
    index[1] = begin % blocks * kBlockRows;
    locate(outer, begin / blocks, index + 2);
    char* at[TT_MAX_OPERANDS];
    for (int32_t k = 0; k < job.operands; k++)
      at[k] = job.operand[k].data + offset_of(job.box, job.operand[k].strides, index);
    const int64_t rest = job.sizes[1] - index[1];
    range.run_rows(at, rest < kBlockRows ? rest : kBlockRows);
  }
}

// Whether dimension a should be walked inside dimension b: the first operand that moves along both decides.
bool is_inside(const Job& job, int32_t a, int32_t b) {
  for (int32_t k = 0; k < job.operands; k++) {
    const int64_t sa = job.operand[k].strides[a], sb = job.operand[k].strides[b];
    if (sa != 0 && sb != 0 && sa != sb) return sa < sb;
  }
  return false;
}

// Drops dimensions of one element, orders the others (innermost first) as they lie in memory, and merges those that all
// operands can walk as one.
void simplify(Job& job) {
  int32_t dims = job.box.dims;
  const auto move = [&](int32_t to, int32_t from) {
    job.sizes[to] = job.sizes[from];
    for (int32_t k = 0; k < job.operands; k++) job.operand[k].strides[to] = job.operand[k].strides[from];
  };
  const auto swap = [&](int32_t a, int32_t b) {
    const int64_t size = job.sizes[a];
    job.sizes[a] = job.sizes[b];
    job.sizes[b] = size;
    for (int32_t k = 0; k < job.operands; k++) {
      int64_t* s = job.operand[k].strides;
      const int64_t stride = s[a];
      s[a] = s[b];
      s[b] = stride;
    }
  };
  int32_t kept = 0;
  for (int32_t d = 0; d < dims; d++)
    if (job.sizes[d] != 1) move(kept++, d);
  dims = kept;
  for (int32_t i = 1; i < dims; i++)
    for (int32_t d = i; d > 0 && is_inside(job, d, d - 1); d--) swap(d, d - 1);
  kept = 0;
  for (int32_t d = 1; d < dims; d++) {
    bool merges = true;
    for (int32_t k = 0; k < job.operands && merges; k++) {
      const int64_t* s = job.operand[k].strides;
      merges = s[d] == s[kept] * job.sizes[kept];
    }
    if (merges) job.sizes[kept] *= job.sizes[d];
    else move(++kept, d);
  }
  if (dims == 0) {
    job.sizes[0] = 1;
    for (int32_t k = 0; k < job.operands; k++) job.operand[k].strides[0] = job.operand[k].item;
  }
  job.box = {dims == 0 ? 1 : kept + 1, job.sizes};
  for (int32_t k = 0; k < job.operands; k++) {
    Operand& o = job.operand[k];
    int64_t expected = o.item;
    o.is_linear = true;
    for (int32_t d = 0; d < job.box.dims; d++) {
      o.is_linear = o.is_linear && o.strides[d] == expected;
      expected *= job.sizes[d];
    }
  }
}

// Whole tiles that are worth a thread, not more of them than make equal shares: of one grain and a quarter, a thread takes half.
int64_t even_grain(int64_t numel, int64_t grain, int64_t tile) {
  const int64_t threads = tt_num_threads();
  if (numel > grain && numel < grain * threads) grain = (numel + threads - 1) / threads;
  return (grain + tile - 1) / tile * tile;
}

template <class R>
void run_as(Job& job, int64_t numel) {
  const int64_t tile = kTileBytes / (int64_t)sizeof(R);
  const int64_t grain = kGrainCost / (job.program->cost > 0 ? job.program->cost : 1);
  if (!job.in_blocks) {
    tt_parallel_for(numel, even_grain(numel, grain, tile), run_range<R>, &job);
    return;
  }
  const int64_t blocks = numel / (job.sizes[0] * job.sizes[1]) * blocks_of(job);
  const int64_t block_grain = grain / (kBlockRows * job.sizes[0]);
  tt_parallel_for(blocks, block_grain < 1 ? 1 : block_grain, run_blocks<R>, &job);
}

int32_t run(Job& job, int64_t numel) {
  job.in_blocks = false;
  for (int32_t k = job.outputs; k < job.operands && job.box.dims > 1 && job.sizes[0] >= kShortRow; k++)
    job.in_blocks = job.in_blocks || lies_across(job, k);
  switch (job.program->type) {
    case TT_FLOAT32: run_as<float>(job, numel); break;
    case TT_FLOAT64: run_as<double>(job, numel); break;
    case TT_INT64: run_as<int64_t>(job, numel); break;
  }
  return job.status;
}

// Four elements to add should cost what the call costs: contiguous operands of a hot loop go straight to it.
bool run_small(const double* args, int32_t outputs, int32_t operands, const void* scalars, const tt_hot_loop& hot) {
  constexpr double kSmall = 4096;
  if (args[3] != 1 || args[5] > kSmall) return false;
  char* data[TT_HOT_OPERANDS];
  const double* at = args + 6;
  for (int32_t k = 0; k < operands; k++, at += 3) {
    if (at[1] != hot.dtypes[k] || at[2] != 1) return false;
    data[k] = (char*)(uintptr_t)at[0];
  }
  run_hot(hot, outputs, operands, data, scalars, (int64_t)args[5]);
  return true;
}

const tt_hot_loop* hot_loop_of(const tt_program& p) {
  if (p.hot < 0 || p.hot >= TT_SYMBOL(hot_count) || TT_SYMBOL(hot_loops)[p.hot].key != p.key) return nullptr;
  return &TT_SYMBOL(hot_loops)[p.hot];
}

const tt_tile_function* tiles_of(const tt_program& p) {
  return p.type == TT_FLOAT32   ? TT_SYMBOL(tiles_f32)
         : p.type == TT_FLOAT64 ? TT_SYMBOL(tiles_f64)
                                : TT_SYMBOL(tiles_i64);
}

// Whether a program is of this engine, and has as many operands and scalars as it is given.
bool fits(const tt_program& p, int64_t outputs, int64_t inputs, int64_t scalars) {
  return p.language == TT_SYMBOL(language) && p.outputs == outputs && p.inputs == inputs && p.scalars == scalars &&
         outputs + inputs <= TT_MAX_OPERANDS &&
         outputs + inputs + scalars + p.constants + p.temporaries <= TT_MAX_REGISTERS;
}

// A program over many sets of flat operands: the work is one stretch of elements, set after set.
struct Sets {
  Job job;
  const double* rows;  // of each set: its number of elements, addresses of inputs, scalars
  int64_t row_length;
  int64_t count;
  const double* written;  // for each output, the input that it is written over
  int64_t begins[TT_MAX_ARGS / 2 + 1];
};

template <class R>
void run_sets(void* context, int64_t begin, int64_t end, int) {
  Sets& sets = *(Sets*)context;
  Job& job = sets.job;
  const tt_program& p = *job.program;
  Range<R> range(job);
  if (job.hot == nullptr && !range.prepare(end - begin)) {
    __atomic_store_n(&job.status, (int32_t)TT_OUT_OF_MEMORY, __ATOMIC_RELAXED);
    return;
  }
  int64_t first = 0, last = sets.count - 1;
  while (first < last) {
    const int64_t middle = (first + last + 1) / 2;
    if (sets.begins[middle] <= begin) first = middle;
    else last = middle - 1;
  }
  R scalars[TT_MAX_REGISTERS];
  for (int64_t set = first; begin < end; set++) {
    const int64_t stop = sets.begins[set + 1] < end ? sets.begins[set + 1] : end;
    if (stop == begin) continue;
    const double* inputs = sets.rows + set * sets.row_length + 1;
    const double* given = inputs + p.inputs;
    char* at[TT_MAX_OPERANDS];
    const auto place = [&](int64_t input) {
      return (char*)(uintptr_t)inputs[input] + (begin - sets.begins[set]) * job.operand[0].item;
    };
    for (int32_t k = 0; k < p.outputs; k++) at[k] = place((int64_t)sets.written[k]);
    for (int32_t k = 0; k < p.inputs; k++) at[p.outputs + k] = place(k);
    for (int32_t i = 0; i < p.scalars; i++) {
      const R value = (R)given[i];
      if (job.hot == nullptr && (set == first || value != scalars[i])) range.fill(i, value);
      scalars[i] = value;
    }
    if (job.hot != nullptr) run_hot(*job.hot, job.outputs, job.operands, at, scalars, stop - begin);
    else range.run_row(at, stop - begin);
    begin = stop;
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(pointwise) {
  ArgReader in{args};
  const tt_program& p = *in.address<const tt_program>();
  const int64_t outputs = in.integer(), inputs = in.integer(), ndim = in.integer(), scalars = in.integer();
  if (!fits(p, outputs, inputs, scalars) || ndim > kMaxDims) return TT_BAD_ARGUMENT;
  const int64_t operands = outputs + inputs;

  // Floats come as doubles; doubles and integers' bits are used where they are.
  const double* given = args + 5 + ndim + operands * (2 + ndim);
  float narrowed[TT_MAX_REGISTERS];
  for (int64_t i = 0; p.type == TT_FLOAT32 && i < scalars; i++) narrowed[i] = (float)given[i];
  const void* values = p.type == TT_FLOAT32 ? (const void*)narrowed : given;

  const tt_hot_loop* hot = hot_loop_of(p);
  if (hot != nullptr && run_small(args, (int32_t)outputs, (int32_t)operands, values, *hot)) return TT_OK;

  Job job;
  job.program = &p;
  job.hot = hot;
  job.over_registers = hot;
  job.scalars = values;
  job.outputs = (int32_t)outputs;
  job.operands = (int32_t)operands;
  job.status = TT_OK;
  job.register_size = p.type == TT_FLOAT32 ? 4 : 8;
  job.tiles = tiles_of(p);
  job.box = {(int32_t)ndim, job.sizes};
  int64_t strides[TT_MAX_OPERANDS * (kMaxDims + 1)];
  int64_t numel = 1;
  // Innermost first.
  const double* sizes = in.array(ndim);
  for (int64_t d = 0; d < ndim; d++) numel *= job.sizes[ndim - 1 - d] = (int64_t)sizes[d];
  for (int64_t k = 0; k < operands; k++) {
    Operand& o = job.operand[k];
    o.data = in.address<char>();
    o.dtype = (int32_t)in.integer();
    o.item = (int32_t)item_size(o.dtype);
    if (o.item == 0) return TT_UNSUPPORTED_DTYPE;
    o.strides = strides + k * (kMaxDims + 1);
    const double* own = in.array(ndim);
    for (int64_t d = 0; d < ndim; d++) o.strides[ndim - 1 - d] = (int64_t)own[d] * o.item;
    if (hot != nullptr && o.dtype != hot->dtypes[k]) job.hot = nullptr;
    if (hot != nullptr && hot->dtypes[k] != p.type) job.over_registers = nullptr;
  }
  if (numel == 0) return TT_OK;
  // (Bytes that are neither 0 nor 1, which only foreign buffers have, become 1: bool goes through the registers.)
  if (copies(p) && job.operand[0].dtype == job.operand[1].dtype && job.operand[0].dtype != TT_BOOL) {
    const Operand &to = job.operand[0], &from = job.operand[1];
    tt_move((int)ndim, job.sizes, to.item, to.data, to.strides, from.data, from.strides);
    return TT_OK;
  }
  simplify(job);
  return run(job, numel);
}

// update_each: runs a program over many sets of flat operands of one floating dtype, each output over an input.
//
// Arguments: program, sets, outputs, inputs, scalars, dtype, for each output the input that it is written over; for each
// set its number of elements, the inputs' addresses, scalars.
TT_ENTRY(update_each) {
  ArgReader in{args};
  const tt_program& p = *in.address<const tt_program>();
  const int64_t count = in.integer(), outputs = in.integer(), inputs = in.integer(), scalars = in.integer();
  const int32_t dtype = (int32_t)in.integer();
  if (!fits(p, outputs, inputs, scalars) || p.type == TT_INT64 || count < 1) return TT_BAD_ARGUMENT;
  Sets sets;
  sets.written = in.array(outputs);
  sets.row_length = 1 + inputs + scalars;
  if (6 + outputs + count * sets.row_length > TT_MAX_ARGS) return TT_BAD_ARGUMENT;
  sets.count = count;
  sets.rows = in.array(count * sets.row_length);
  sets.begins[0] = 0;
  for (int64_t i = 0; i < count; i++) sets.begins[i + 1] = sets.begins[i] + (int64_t)sets.rows[i * sets.row_length];

  Job& job = sets.job;
  job.program = &p;
  job.hot = dtype == p.type ? hot_loop_of(p) : nullptr;
  job.over_registers = nullptr;  // scalars differ from set to set
  job.tiles = tiles_of(p);
  job.scalars = sets.rows + 1 + inputs;  // of the first set: replaced before use
  job.outputs = (int32_t)outputs;
  job.operands = (int32_t)(outputs + inputs);
  job.register_size = p.type == TT_FLOAT32 ? 4 : 8;
  job.box = {1, job.sizes};
  job.sizes[0] = sets.begins[count];
  job.in_blocks = false;
  job.status = TT_OK;
  int64_t stride = item_size(dtype);
  if (stride == 0) return TT_UNSUPPORTED_DTYPE;
  for (int32_t k = 0; k < job.operands; k++) {
    const int64_t input = k < outputs ? (int64_t)sets.written[k] : k - outputs;
    job.operand[k] = {(char*)(uintptr_t)sets.rows[1 + input], dtype, (int32_t)stride, true, &stride};
  }
  const int64_t tile = kTileBytes / job.register_size;
  const int64_t grain = kGrainCost / (p.cost > 0 ? p.cost : 1);
  tt_parallel_for(sets.begins[count], (grain + tile - 1) / tile * tile,
                  p.type == TT_FLOAT32 ? run_sets<float> : run_sets<double>, &sets);
  return job.status;
}
