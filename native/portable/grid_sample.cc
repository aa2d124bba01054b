// Images and volumes read at positions that a grid gives, and the gradients of the two.
//
// grid_sample: [what, dtype, dims, mode, padding, align, N, C, L, sizes[dims] of the input,
//               input address, grid address, output address, result address]
//   input is [N, C, ...sizes], grid [N, L, dims] (x first, that is the last dimension), output [N, C, L]; all row-major,
//   of one dtype, float32 or float64; dims 2 or 3.
//   what 0: output is written (result is not read). what 1: result takes the gradient of the input, from output, its own
//   gradient; it comes zeroed. what 2: result takes that of the grid.
//   mode 0 bilinear, 1 nearest, 2 bicubic (dims 2 only); padding 0 zeros, 1 border, 2 reflection.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

enum What { kForward, kGradInput, kGradGrid };
enum Mode { kLinear, kNearest, kCubic };
enum Padding { kZeros, kBorder, kReflection };

struct Job {
  int mode, padding, align;
  int64_t N, C, L;
  int64_t sizes[3];
  int64_t plane;  // elements of a channel
  const char* input;
  const char* grid;
  char* output;
  char* result;
};

// A position and its derivative with respect to the grid's number.
template <typename T>
struct Position {
  T at, slope;
};

template <typename T>
TT_INLINE T floor_of(T x) {
  if constexpr (same<T, float>)
    return __builtin_floorf(x);
  else
    return __builtin_floor(x);
}

template <typename T>
TT_INLINE Position<T> clip(Position<T> p, int64_t size) {
  const T last = T(size - 1);
  if (!(p.at > 0)) return {0, 0};
  if (p.at >= last) return {last, 0};
  return p;
}

// Reflects at low and high, which are given twice as large.
template <typename T>
TT_INLINE Position<T> reflect(Position<T> p, int64_t twice_low, int64_t twice_high) {
  if (twice_low == twice_high) return {0, 0};
  const T low = T(twice_low) / 2, span = T(twice_high - twice_low) / 2;
  T x = p.at - low, slope = p.slope;
  if (x < 0) x = -x, slope = -slope;
  const T flips = floor_of(x / span);
  T extra = x - flips * span;
  if constexpr (same<T, float>)
    extra = __builtin_fmodf(x, span);
  else
    extra = __builtin_fmod(x, span);
  const bool odd = flips - 2 * floor_of(flips / 2) != 0;
  return odd ? Position<T>{span - extra + low, -slope} : Position<T>{extra + low, slope};
}

template <typename T>
TT_INLINE Position<T> inside(const Job& job, Position<T> p, int64_t size) {
  if (job.padding == kZeros) return p;
  if (job.padding == kReflection) p = job.align ? reflect(p, 0, 2 * (size - 1)) : reflect(p, -1, 2 * size - 1);
  return clip(p, size);
}

// What one dimension contributes: at most 4 indices (-1 outside), their weights and the derivatives of these.
template <typename T>
struct Axis {
  int count;
  int64_t index[4];
  T weight[4], slope[4];
};

// Cubic convolution with slope -0.75 at 1: weight and derivative at distance x behind the element.
template <typename T>
TT_INLINE void cubic(T x, T& weight, T& slope) {
  const T a = T(-0.75), d = x < 0 ? -x : x, sign = x < 0 ? T(-1) : T(1);
  if (d <= 1) {
    weight = ((a + 2) * d - (a + 3)) * d * d + 1;
    slope = sign * (3 * (a + 2) * d - 2 * (a + 3)) * d;
  } else {
    weight = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    slope = sign * ((3 * a * d - 10 * a) * d + 8 * a);
  }
}

template <typename T>
TT_INLINE int64_t index_within(T at, int64_t size) {
  return at >= 0 && at < T(size) ? int64_t(at) : -1;
}

template <typename T>
TT_INLINE Axis<T> axis_of(const Job& job, T coordinate, int64_t size) {
  Axis<T> axis;
  const T slope = T(job.align ? size - 1 : size) / 2;
  const Position<T> raw = {job.align ? (coordinate + 1) / 2 * T(size - 1) : ((coordinate + 1) * T(size) - 1) / 2, slope};
  if (job.mode == kCubic) {
    const T base = floor_of(raw.at), t = raw.at - base;
    axis.count = 4;
    for (int k = 0; k < 4; k++) {
      // Each of the four is brought inside on its own.
      axis.index[k] = index_within(inside(job, Position<T>{base + T(k - 1), 0}, size).at, size);
      cubic(t - T(k - 1), axis.weight[k], axis.slope[k]);
      axis.slope[k] *= slope;
    }
    return axis;
  }
  const Position<T> p = inside(job, raw, size);
  if (job.mode == kNearest) {
    axis.count = 1;
    T rounded;
    if constexpr (same<T, float>)
      rounded = __builtin_rintf(p.at);
    else
      rounded = __builtin_rint(p.at);
    axis.index[0] = index_within(rounded, size);
    axis.weight[0] = 1;
    axis.slope[0] = 0;
    return axis;
  }
  const T base = floor_of(p.at), t = p.at - base;
  axis.count = 2;
  axis.index[0] = index_within(base, size);
  axis.index[1] = index_within(base + 1, size);
  axis.weight[0] = 1 - t;
  axis.weight[1] = t;
  axis.slope[0] = -p.slope;
  axis.slope[1] = p.slope;
  return axis;
}

// All that a position of the output reads: offsets within a channel, weights, and their derivatives by each coordinate.
template <typename T, int D>
struct Reads {
  int count = 0;
  int64_t offset[16];
  T weight[16];
  T slope[D][16];

  template <bool with_slopes>
  __attribute__((always_inline)) void find(const Job& job, const T* grid) {
    Axis<T> axes[3];
    axes[0].count = 1, axes[0].index[0] = 0, axes[0].weight[0] = 1, axes[0].slope[0] = 0;
    for (int d = 0; d < D; d++) axes[3 - D + d] = axis_of(job, grid[D - 1 - d], job.sizes[3 - D + d]);
    const Axis<T>&z = axes[0], &y = axes[1], &x = axes[2];
    count = 0;
    for (int i = 0; i < z.count; i++)
      for (int j = 0; j < y.count; j++)
        for (int k = 0; k < x.count; k++) {
          if (z.index[i] < 0 || y.index[j] < 0 || x.index[k] < 0) continue;
          offset[count] = (z.index[i] * job.sizes[1] + y.index[j]) * job.sizes[2] + x.index[k];
          weight[count] = z.weight[i] * y.weight[j] * x.weight[k];
          if constexpr (with_slopes) {
            slope[0][count] = z.weight[i] * y.weight[j] * x.slope[k];
            slope[1][count] = z.weight[i] * y.slope[j] * x.weight[k];
            if constexpr (D == 3) slope[2][count] = z.slope[i] * y.weight[j] * x.weight[k];
          }
          count++;
        }
  }
};

constexpr int64_t kBlock = 16;

template <typename T, int D>
static void forward(const Job& job) {
  const T* const input = reinterpret_cast<const T*>(job.input);
  const T* const grid = reinterpret_cast<const T*>(job.grid);
  T* const output = reinterpret_cast<T*>(job.output);
  const int64_t blocks = (job.L + kBlock - 1) / kBlock;
  parallel(job.N * blocks, 256 / job.C + 1, [&](int64_t begin, int64_t end, int) {
    Reads<T, D> reads[kBlock];
    for (int64_t b = begin; b < end; b++) {
      const int64_t n = b / blocks, first = b % blocks * kBlock;
      const int64_t here = job.L - first < kBlock ? job.L - first : kBlock;
      for (int64_t l = 0; l < here; l++) reads[l].template find<false>(job, grid + (n * job.L + first + l) * D);
      for (int64_t c = 0; c < job.C; c++) {
        const T* const from = input + (n * job.C + c) * job.plane;
        T* const to = output + (n * job.C + c) * job.L + first;
        for (int64_t l = 0; l < here; l++) {
          T sum = 0;
          for (int k = 0; k < reads[l].count; k++) sum += reads[l].weight[k] * from[reads[l].offset[k]];
          to[l] = sum;
        }
      }
    }
  });
}

// A thread has channels of its own, so that no two write to the same element.
template <typename T, int D>
static void grad_input(const Job& job) {
  const T* const grid = reinterpret_cast<const T*>(job.grid);
  const T* const grad = reinterpret_cast<const T*>(job.output);
  T* const result = reinterpret_cast<T*>(job.result);
  const int64_t share = job.N * job.C / tt_num_threads();
  parallel(job.N * job.C, share < 1 ? 1 : share, [&](int64_t begin, int64_t end, int) {
    Reads<T, D> reads;
    while (begin < end) {
      const int64_t n = begin / job.C;
      const int64_t stop = (n + 1) * job.C < end ? (n + 1) * job.C : end;
      for (int64_t l = 0; l < job.L; l++) {
        reads.template find<false>(job, grid + (n * job.L + l) * D);
        for (int64_t c = begin; c < stop; c++) {
          const T g = grad[c * job.L + l];
          T* const to = result + c * job.plane;
          for (int k = 0; k < reads.count; k++) to[reads.offset[k]] += reads.weight[k] * g;
        }
      }
      begin = stop;
    }
  });
}

template <typename T, int D>
static void grad_grid(const Job& job) {
  const T* const input = reinterpret_cast<const T*>(job.input);
  const T* const grid = reinterpret_cast<const T*>(job.grid);
  const T* const grad = reinterpret_cast<const T*>(job.output);
  T* const result = reinterpret_cast<T*>(job.result);
  parallel(job.N * job.L, 4096 / job.C + 1, [&](int64_t begin, int64_t end, int) {
    Reads<T, D> reads;
    for (int64_t at = begin; at < end; at++) {
      const int64_t n = at / job.L, l = at % job.L;
      reads.template find<true>(job, grid + at * D);
      T sums[D] = {};
      for (int64_t c = 0; c < job.C; c++) {
        const T* const from = input + (n * job.C + c) * job.plane;
        const T g = grad[(n * job.C + c) * job.L + l];
        for (int d = 0; d < D; d++) {
          T sum = 0;
          for (int k = 0; k < reads.count; k++) sum += reads.slope[d][k] * from[reads.offset[k]];
          sums[d] += sum * g;
        }
      }
      for (int d = 0; d < D; d++) result[at * D + d] = sums[d];
    }
  });
}

template <typename T, int D>
TT_INLINE void run(int what, const Job& job) {
  switch (what) {
    case kForward: forward<T, D>(job); break;
    case kGradInput: grad_input<T, D>(job); break;
    default: grad_grid<T, D>(job);
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(grid_sample) {
  ArgReader reader{args};
  Job job;
  const int what = int(reader.integer());
  const int dtype = int(reader.integer());
  const int dims = int(reader.integer());
  job.mode = int(reader.integer());
  job.padding = int(reader.integer());
  job.align = int(reader.integer());
  job.N = reader.integer();
  job.C = reader.integer();
  job.L = reader.integer();
  job.sizes[0] = 1;
  read_sizes(reader, dims, job.sizes + 3 - dims);
  job.plane = product(job.sizes, 3);
  job.input = reader.address<char>();
  job.grid = reader.address<char>();
  job.output = reader.address<char>();
  job.result = reader.address<char>();
  if (job.N == 0 || job.L == 0 || job.C == 0) return TT_OK;
  if (dtype == TT_FLOAT32)
    dims == 2 ? run<float, 2>(what, job) : run<float, 3>(what, job);
  else if (dtype == TT_FLOAT64)
    dims == 2 ? run<double, 2>(what, job) : run<double, 3>(what, job);
  else
    return TT_UNSUPPORTED_DTYPE;
  return TT_OK;
}
