// Random numbers: PyTorch's CPU generator (mt19937) and its sampling, bit for bit.
//
// The state is a block of 632 uint32 that JavaScript owns (src/backends/cpu/random-state.ts):
//   words[624], left, next, cached normal valid (0 | 1), unused, cached normal (a double), seed (a uint64).
//
// random:      [state, distribution, a, b, c, d, nIn, ndim, sizes[ndim], out: address, dtype, strides[ndim]; in: the same]
//   Fills `out` in PyTorch's order: ascending strides, not row-major. `in` (nIn = 1) holds Bernoulli's probabilities.
//   (16 and more contiguous normal numbers are native/kernels/normal_fill.cc's.)
//   distribution 0 uniform(a = from, b = to)   1 normal(a = mean, b = std)   2 exponential(a = lambda)
//                3 cauchy(a = median, b = sigma)   4 log-normal(a = mean, b = std)   5 geometric(a = p)
//                6 bernoulli(a = p, or `in`)
//                7 integers of [base, base + range): a, b = base, c, d = range, as high and low 32-bit words
//                8 integers of the dtype's default range (`random_()`)   9 all 64-bit integers
// randperm:    [state, n, out address, out dtype]; out is contiguous
// multinomial: [state, distributions, categories, samples, in: address, dtype, strides[2]; out address]
//   With replacement; out is a contiguous int64 [distributions, samples].
//   Status 16: a negative probability, 17: an infinite or NaN one, 18: a row that sums to 0.
#include "../platform.h"
#include "../kernels/dtype_switch.h"
#include "exact_fma.h"
#include "mt19937.h"
#include "normal_block.h"
#include "sampling_order.h"
#include "../kernels/scalar_math.h"

namespace TT_NS {
namespace {

struct Parameters {
  int distribution;
  double a, b;
  int64_t base;
  uint64_t range;
};

// Words of the generator that one sample takes, 0 where the sample itself draws.
template <typename T>
TT_INLINE int words_per_sample(const Parameters& p, bool probability_is_double) {
  switch (p.distribution) {
    case 0: return same<T, double> ? 2 : 1;
    case 1: case 4: return 0;
    case 6: return probability_is_double ? 2 : 1;
    case 7:
      return (same<T, int64_t> || same<T, double> || same<T, float> || same<T, bf16>) && p.range >> 32 != 0 ? 2 : 1;
    case 8: return same<T, int64_t> || same<T, double> ? 2 : 1;
    default: return 2;
  }
}

template <typename T>
TT_INLINE T full_range_integer(const uint32_t* words) {
  if constexpr (same<T, bool8>)
    return {uint8_t(words[0] & 1)};
  else if constexpr (same<T, int64_t>)
    return int64_t((uint64_t(words[0]) << 32 | words[1]) & 0x7fffffffffffffffu);
  else if constexpr (same<T, double>)
    return double((uint64_t(words[0]) << 32 | words[1]) % ((uint64_t(1) << 53) + 1));
  else if constexpr (is_float<T>)
    return convert<T>(int64_t(words[0] % ((1u << kDigits<T>)+1)));
  else
    return T(words[0] & (uint32_t(T(-1)) > 0 && T(-1) > T(0) ? 0xffu : (1u << (sizeof(T) * 8 - 1)) - 1));
}

// Turns the words of `n` samples into values. `chance` holds the samples' own probabilities where there are any.
template <typename T>
static void transform(const Parameters& p, int per, const uint32_t* words, const double* chance, T* out, int64_t n) {
  switch (p.distribution) {
    case 0:
      if constexpr (is_float<T>) {
        const Compute<T> from = widen(convert<T>(p.a)), to = widen(convert<T>(p.b));
        const Compute<T> span = widen(narrow<T>(to - from));
        for (int64_t i = 0; i < n; i++) {
          Compute<T> u;
          if constexpr (is_half<T>)
            u = float(words[i] & ((1u << kDigits<T>)-1)) / float(1 << kDigits<T>);
          else
            u = unit_value<T>(words + i * (same<T, double> ? 2 : 1));
          out[i] = narrow<T>(fused(u, span, from));
        }
      }
      break;
    case 2:
      for (int64_t i = 0; i < n; i++)
        out[i] = convert<T>(-1.0 / p.a * log_of(1.0 - unit_double(words[2 * i], words[2 * i + 1])));
      break;
    case 3:
      for (int64_t i = 0; i < n; i++) {
        const double u = unit_double(words[2 * i], words[2 * i + 1]);
        out[i] = convert<T>(fused(p.b, tan_of(kPi * (u - 0.5)), p.a));
      }
      break;
    case 5: {
      const double log_q = log_of(1.0 - p.a);
      for (int64_t i = 0; i < n; i++)
        out[i] = convert<T>(__builtin_ceil(log_of(unit_double(words[2 * i], words[2 * i + 1])) / log_q));
      break;
    }
    case 6:
      for (int64_t i = 0; i < n; i++) {
        const double u = per == 2 ? unit_double(words[2 * i], words[2 * i + 1]) : unit_float(words[i]);
        out[i] = convert<T>(int64_t(u < (chance ? chance[i] : p.a)));
      }
      break;
    case 7:
      if (per == 2) {
        for (int64_t i = 0; i < n; i++) {
          const uint64_t v = uint64_t(words[2 * i]) << 32 | words[2 * i + 1];
          out[i] = convert<T>(int64_t(v % p.range + uint64_t(p.base)));
        }
      } else if (p.range >> 32 != 0) {
        for (int64_t i = 0; i < n; i++) out[i] = convert<T>(int64_t(words[i] + uint64_t(p.base)));
      } else {
        const uint32_t range = uint32_t(p.range);
        for (int64_t i = 0; i < n; i++) out[i] = convert<T>(int64_t(words[i] % range + uint64_t(p.base)));
      }
      break;
    case 8:
      for (int64_t i = 0; i < n; i++) out[i] = full_range_integer<T>(words + i * per);
      break;
    case 9:
      for (int64_t i = 0; i < n; i++)
        out[i] = convert<T>(int64_t(uint64_t(words[2 * i]) << 32 | words[2 * i + 1]));
      break;
  }
}

template <typename T>
static void fill(State* s, const Parameters& p, int ndim, const int64_t* sizes, const Operand& out, const Operand* in) {
  const bool double_chance = !in || in->dtype == TT_FLOAT64;
  const int per = words_per_sample<T>(p, double_chance);
  const int64_t numel = product(sizes, ndim);
  const int64_t inner = ndim ? sizes[ndim - 1] : 1;
  const int64_t step = ndim ? out.strides[ndim - 1] : 1;
  const int64_t in_step = in && ndim ? in->strides[ndim - 1] : 0;
  T* data = reinterpret_cast<T*>(out.data);

  uint32_t words[kChunk * 2];
  T values[kChunk];
  double chances[kChunk];
  Walk<2> walk;
  walk.over(ndim - 1, sizes, out.strides, in ? in->strides : out.strides);
  walk.start(0);
  for (int64_t row = 0; row < numel; row += inner, walk.next()) {
    T* to = data + walk.offset[0];
    for (int64_t done = 0; done < inner; done += kChunk) {
      const int64_t here = inner - done < kChunk ? inner - done : kChunk;
      T* block = step == 1 ? to + done : values;
      if (in) {
        const int64_t base = walk.offset[1] + done * in_step;
        switch_float(in->dtype, [&](auto tag) {
          using P = typename decltype(tag)::type;
          const P* from = reinterpret_cast<const P*>(in->data) + base;
          for (int64_t i = 0; i < here; i++) chances[i] = double(widen(from[i * in_step]));
        });
      }
      if (per == 0) {
        for (int64_t i = 0; i < here; i++) {
          const double sample = fused(standard_normal(s), p.b, p.a);
          block[i] = convert<T>(p.distribution == 4 ? exp_of(sample) : sample);
        }
      } else {
        draw_many(s, words, here * per);
        transform<T>(p, per, words, in ? chances : nullptr, block, here);
      }
      if (step != 1)
        for (int64_t i = 0; i < here; i++) to[(done + i) * step] = values[i];
    }
  }
}

TT_INLINE uint64_t two_words(double high, double low) {
  return uint64_t(uint32_t(int64_t(high))) << 32 | uint32_t(int64_t(low));
}

template <typename T>
static void permutation(State* s, int64_t n, T* out) {
  for (int64_t i = 0; i < n; i++) out[i] = convert<T>(i);
  const bool wide = n >= int64_t(0xffffffffu / 20);
  for (int64_t i = 0; i < n - 1; i++) {
    const int64_t j = i + int64_t(wide ? draw64(s) % uint64_t(n - i) : draw(s) % uint32_t(n - i));
    const T swap = out[i];
    out[i] = out[j];
    out[j] = swap;
  }
}

// One row of probabilities to `samples` indices, by binary search in the cumulative distribution.
template <typename T>
static int32_t sample_row(State* s, const T* in, int64_t stride, int64_t categories, Compute<T>* cumulative,
                          int64_t samples, int64_t* out) {
  Compute<T> sum = 0;
  for (int64_t j = 0; j < categories; j++) {
    const Compute<T> value = widen(in[j * stride]);
    if (!(value >= 0)) return value < 0 ? 16 : 17;
    if (value - value != 0) return 17;
    sum += value;
    cumulative[j] = sum;
  }
  if (!(sum > 0)) return 18;
  for (int64_t j = 0; j < categories; j++) cumulative[j] /= sum;
  cumulative[categories - 1] = 1;
  for (int64_t k = 0; k < samples; k++) {
    const double u = unit_double(s);
    int64_t low = 0, high = categories;
    while (low < high) {
      const int64_t middle = low + (high - low) / 2;
      if (double(cumulative[middle]) < u)
        low = middle + 1;
      else
        high = middle;
    }
    out[k] = low;
  }
  return TT_OK;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(random) {
  ArgReader a{args};
  State* state = a.address<State>();
  Parameters p;
  p.distribution = int(a.integer());
  p.a = a.number();
  p.b = a.number();
  const double c = a.number(), d = a.number();
  if (p.distribution == 7) {
    p.base = int64_t(two_words(p.a, p.b));
    p.range = two_words(c, d);
  }
  const int inputs = int(a.integer());
  int ndim = int(a.integer());
  int64_t sizes[kMaxDims];
  Operand operands[2];
  read_sizes(a, ndim, sizes);
  for (int k = 0; k <= inputs; k++) read_operand(a, ndim, operands[k]);
  const int64_t numel = product(sizes, ndim);
  if (numel == 0) return TT_OK;

  sort_dims(ndim, sizes, operands, inputs + 1);
  int64_t* strides[2] = {operands[0].strides, operands[inputs].strides};
  ndim = coalesce<2>(ndim, sizes, strides);
  const bool known = switch_real(operands[0].dtype, [&](auto tag) {
    fill<typename decltype(tag)::type>(state, p, ndim, sizes, operands[0], inputs ? &operands[1] : nullptr);
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(randperm) {
  ArgReader a{args};
  State* state = a.address<State>();
  const int64_t n = a.integer();
  void* out = a.address<void>();
  const bool known = switch_real(int(a.integer()), [&](auto tag) {
    permutation(state, n, static_cast<typename decltype(tag)::type*>(out));
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}

TT_ENTRY(multinomial) {
  ArgReader a{args};
  State* state = a.address<State>();
  const int64_t rows = a.integer(), categories = a.integer(), samples = a.integer();
  Operand in;
  read_operand(a, 2, in);
  int64_t* out = a.address<int64_t>();
  void* cumulative = tt_scratch(TT_SCRATCH_OTHER, size_t(categories) * 8);
  if (!cumulative) return TT_OUT_OF_MEMORY;
  int32_t status = TT_OK;
  const bool known = switch_float(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < rows && status == TT_OK; i++)
      status = sample_row(state, reinterpret_cast<const T*>(in.data) + i * in.strides[0], in.strides[1], categories,
                          static_cast<Compute<T>*>(cumulative), samples, out + i * samples);
  });
  return known ? status : int32_t(TT_UNSUPPORTED_DTYPE);
}
