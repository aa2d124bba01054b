// Lines made of weighted elements of other lines: interpolation in all its modes, padding by reflection and their like, and
// the gradients of these, which are the same with the table transposed.
//
// resample: [mode, dtype, outer, in length, out length, inner, precision, in address, out address,
//            starts address, indices address, weights address (or 0: all are 1)]
//   in is [outer, in length, inner], out is [outer, out length, inner], both row-major. The element i of an output line is
//   the sum of weights[k] * in[indices[k]] for starts[i] <= k < starts[i + 1]; starts and indices are int32.
//   mode 0: exactly one tap, weight 1: elements of any dtype are copied.
//   mode 1: float32 or float64; weights are of that dtype.
//   mode 2: uint8; weights are int32, scaled by 2^precision; the sum is rounded and clamped, as Pillow does it.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

enum Mode { kCopy, kFloat, kFixed };

struct Job {
  int64_t outer, in_length, out_length, inner;
  int precision;
  const char* in;
  char* out;
  const int32_t* starts;
  const int32_t* indices;
  const char* weights;
};

// About as many elements as are worth a thread.
constexpr int64_t kPiece = 16384;

template <typename T>
static void copy(const Job& job) {
  const T* const in = reinterpret_cast<const T*>(job.in);
  T* const out = reinterpret_cast<T*>(job.out);
  const int64_t n = job.inner;
  parallel(job.outer * job.out_length, kPiece / n + 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end;) {
      const int64_t o = row / job.out_length, i = row - o * job.out_length;
      const int64_t here = end - row < job.out_length - i ? end - row : job.out_length - i;  // of one line
      const T* const from = in + o * job.in_length * n;
      const int32_t* const indices = job.indices + i;
      T* __restrict const to = out + row * n;
      if (n == 1)
        for (int64_t k = 0; k < here; k++) to[k] = from[indices[k]];
      else
        for (int64_t k = 0; k < here; k++) memcpy(to + k * n, from + indices[k] * n, size_t(n) * sizeof(T));
      row += here;
    }
  });
}

// How a sum of taps is kept, and how it becomes an element.
template <typename T>
struct Sum {
  using type = T;
  static T begin(int) { return 0; }
  static T finish(T sum, int) { return sum; }
};
template <>
struct Sum<uint8_t> {
  using type = int32_t;
  static int32_t begin(int precision) { return 1 << (precision - 1); }
  static uint8_t finish(int32_t sum, int precision) {
    sum >>= precision;
    return uint8_t(sum < 0 ? 0 : sum > 255 ? 255 : sum);
  }
};

// Taps of one element; K of them, or as many as the table says where K is 0.
template <int K, typename T, typename A>
TT_INLINE A gather(const T* line, const int32_t* indices, const A* weights, int64_t taps, A sum) {
  const int64_t count = K ? K : taps;
  if (weights)
    for (int64_t k = 0; k < count; k++) sum += weights[k] * A(line[indices[k]]);
  else
    for (int64_t k = 0; k < count; k++) sum += A(line[indices[k]]);
  return sum;
}

// Along the last dimension: each element of a line gathers its taps.
template <int K, typename T>
TT_INLINE void lines(const Job& job) {
  using A = typename Sum<T>::type;
  const A* const weights = reinterpret_cast<const A*>(job.weights);
  parallel(job.outer, kPiece / job.out_length + 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t o = begin; o < end; o++) {
      const T* const from = reinterpret_cast<const T*>(job.in) + o * job.in_length;
      T* const to = reinterpret_cast<T*>(job.out) + o * job.out_length;
      for (int64_t i = 0; i < job.out_length; i++) {
        const int64_t first = K ? i * K : job.starts[i];
        const int64_t taps = K ? K : job.starts[i + 1] - first;
        const A* const w = weights ? weights + first : nullptr;
        to[i] = Sum<T>::finish(gather<K>(from, job.indices + first, w, taps, Sum<T>::begin(job.precision)), job.precision);
      }
    }
  });
}

// Along another dimension: whole rows are added up, a block at a time that stays in L1.
template <typename T>
TT_INLINE void rows(const Job& job) {
  using A = typename Sum<T>::type;
  constexpr int64_t kBlock = 1024;
  const A* const weights = reinterpret_cast<const A*>(job.weights);
  const int64_t n = job.inner;
  parallel(job.outer * job.out_length, kPiece / n + 1, [&](int64_t begin, int64_t end, int) {
    A sums[kBlock];
    for (int64_t row = begin; row < end; row++) {
      const int64_t o = row / job.out_length, i = row % job.out_length;
      const int64_t first = job.starts[i], last = job.starts[i + 1];
      const T* const from = reinterpret_cast<const T*>(job.in) + o * job.in_length * n;
      T* const to = reinterpret_cast<T*>(job.out) + row * n;
      for (int64_t done = 0; done < n; done += kBlock) {
        const int64_t here = n - done < kBlock ? n - done : kBlock;
        int64_t k = first;
        const A start = Sum<T>::begin(job.precision);
        if (last - first >= 2) {
          const T* const a = from + job.indices[k] * n + done;
          const T* const b = from + job.indices[k + 1] * n + done;
          const A wa = weights ? weights[k] : A(1), wb = weights ? weights[k + 1] : A(1);
          for (int64_t j = 0; j < here; j++) sums[j] = start + wa * A(a[j]) + wb * A(b[j]);
          k += 2;
        } else {
          for (int64_t j = 0; j < here; j++) sums[j] = start;
        }
        for (; k < last; k++) {
          const T* const a = from + job.indices[k] * n + done;
          const A w = weights ? weights[k] : A(1);
          for (int64_t j = 0; j < here; j++) sums[j] += w * A(a[j]);
        }
        for (int64_t j = 0; j < here; j++) to[done + j] = Sum<T>::finish(sums[j], job.precision);
      }
    }
  });
}

template <typename T>
static void sum(const Job& job) {
  if (job.inner > 1) {
    rows<T>(job);
    return;
  }
  int64_t taps = job.starts[1];
  for (int64_t i = 0; i < job.out_length && taps; i++)
    if (job.starts[i + 1] - job.starts[i] != taps) taps = 0;
  switch (taps) {
    case 2: lines<2, T>(job); break;
    case 4: lines<4, T>(job); break;
    default: lines<0, T>(job);
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(resample) {
  ArgReader reader{args};
  Job job;
  const int mode = int(reader.integer());
  const int dtype = int(reader.integer());
  job.outer = reader.integer();
  job.in_length = reader.integer();
  job.out_length = reader.integer();
  job.inner = reader.integer();
  job.precision = int(reader.integer());
  job.in = reader.address<char>();
  job.out = reader.address<char>();
  job.starts = reader.address<int32_t>();
  job.indices = reader.address<int32_t>();
  job.weights = reader.address<char>();
  if (job.outer == 0 || job.out_length == 0 || job.inner == 0) return TT_OK;
  if (mode == kCopy)
    return switch_size(itemsize_of(dtype), [&](auto tag) { copy<typename decltype(tag)::type>(job); })
               ? TT_OK
               : TT_UNSUPPORTED_DTYPE;
  if (mode == kFixed && dtype == TT_UINT8)
    sum<uint8_t>(job);
  else if (mode == kFloat && dtype == TT_FLOAT32)
    sum<float>(job);
  else if (mode == kFloat && dtype == TT_FLOAT64)
    sum<double>(job);
  else
    return TT_UNSUPPORTED_DTYPE;
  return TT_OK;
}
