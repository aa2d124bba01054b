// Normalisation: batch, group, instance and layer normalisation and RMS normalisation, and their derivatives. float or double.
//
// norm_segments: [backward, given, dtype, units, segments, length, unit stride, segment stride, perSegment, groups, eps;
//                 x, weight (or 0), bias (or 0), mean, rstd, out, forward: variance (or 0), backward: grad; gradWeight (or 0),
//                 gradBias (or 0)]
//   A unit (a channel of a batch, a group of channels of a sample) shares its statistics; it consists of segments of
//   contiguous elements. The factor of a segment is weight[(unit % groups) · segments + segment] if perSegment, else
//   weight[unit]. Forward: writes mean, rstd and variance, unless they are `given`, and out. Backward: x and grad are read, out takes
//   the gradient of x (if not 0), gradWeight and gradBias that of each factor's use: [units, segments] or [units].
// norm_columns: [backward, given, dtype, rows, columns, eps; the same addresses]   units are the columns of a matrix
// norm_rows: [backward, rms, dtype, rows, columns, eps; x, weight (or 0), bias (or 0), mean (or 0), rstd, out;
//             backward: grad, gradWeight (or 0), gradBias (or 0)]
//   The rows of a matrix, with factors along them; rms does not subtract the mean. gradWeight and gradBias are [columns].
//   All are contiguous, and of one dtype.
#include "../platform.h"
#include "dtype_switch.h"
#include "row_registers.h"

namespace TT_NS {
namespace {

// Sums run in registers over this many elements, then in double.
constexpr int64_t kChunk = 2048;

// A double for each lane of C.
template <typename C>
struct DoublesOf {
  typedef double type __attribute__((vector_size(TT_VECTOR_BYTES / sizeof(C) * sizeof(double))));
};
template <typename C>
using Doubles = typename DoublesOf<C>::type;

// sums[k] += Σ over 0..n-1 of what add(at, acc) adds to acc[k].
template <typename C, int K, typename F>
TT_INLINE void accumulate(int64_t n, double (&sums)[K], F add) {
  constexpr int64_t lanes = Vec<C>::lanes;
  constexpr int kSets = 4 / K;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    const int64_t end = n - begin < kChunk ? n : begin + kChunk;
    V<C> wide[kSets][K] = {};
    int64_t i = begin;
    for (; i + kSets * lanes <= end; i += kSets * lanes)
      for (int s = 0; s < kSets; s++) add(Whole<C>{{i + s * lanes}}, wide[s]);
    for (; i + lanes <= end; i += lanes) add(Whole<C>{{i}}, wide[0]);
    if (i < end) add(Partial<C>{{i}, LaneMask<C>::range(0, int(end - i))}, wide[0]);
    for (int k = 0; k < K; k++) {
      Doubles<C> totals = {};
      for (int s = 0; s < kSets; s++) totals += __builtin_convertvector(wide[s][k], Doubles<C>);
      for (int j = 0; j < lanes; j++) sums[k] += totals[j];
    }
  }
}

// out[i] = f(at) for 0..n-1.
template <typename C, typename F>
TT_INLINE void map(int64_t n, C* out, F f) {
  each_register<C>(n, [&](auto at) TT_INLINED { at.write(out, f(at)); });
}

// Mean and summed squared deviations of what was added so far (Chan, Golub & LeVeque 1979).
struct Moments {
  double count = 0, mean = 0, squares = 0;

  template <typename C>
  void add(const C* x, int64_t n) {
    for (int64_t begin = 0; begin < n; begin += kChunk) {
      const C* const from = x + begin;
      const int64_t length = n - begin < kChunk ? n - begin : kChunk;
      double sum[1] = {0}, deviation[1] = {0};
      accumulate<C>(length, sum, [&](auto at, auto* acc) TT_INLINED { acc[0] += at.read(from); });
      const double own = sum[0] / double(length);
      const C center = C(own);
      accumulate<C>(length, deviation, [&](auto at, auto* acc) TT_INLINED {
        const V<C> d = at.read(from, center) - center;
        acc[0] += d * d;
      });
      const double residue = own - double(center);
      combine(double(length), own, deviation[0] - residue * residue * double(length));
    }
  }
  void combine(double n, double other, double other_squares) {
    const double total = count + n, delta = other - mean;
    mean += delta * n / total;
    squares += other_squares + delta * delta * count * n / total;
    count = total;
  }
};

TT_INLINE double inverse_root(double x) { return 1 / __builtin_sqrt(x); }

struct Segments {
  bool backward, given, per_segment;
  int64_t units, segments, length, unit_stride, segment_stride, groups;
  double eps;
  char *x, *weight, *bias, *mean, *rstd, *out, *grad, *grad_weight, *grad_bias;
};

template <typename C>
static void segment_forward(const Segments& job, int64_t unit) {
  const int64_t start = unit * job.unit_stride;
  const C* const x = reinterpret_cast<const C*>(job.x) + start;
  const C* const weight = reinterpret_cast<const C*>(job.weight);
  const C* const bias = reinterpret_cast<const C*>(job.bias);
  C* const out = reinterpret_cast<C*>(job.out) + start;
  C& mean = reinterpret_cast<C*>(job.mean)[unit];
  C& rstd = reinterpret_cast<C*>(job.rstd)[unit];
  if (!job.given) {
    Moments moments;
    if (job.segment_stride == job.length)
      moments.add(x, job.segments * job.length);
    else
      for (int64_t s = 0; s < job.segments; s++) moments.add(x + s * job.segment_stride, job.length);
    const double variance = moments.squares / moments.count;
    mean = C(moments.mean);
    rstd = C(inverse_root(variance + job.eps));
    if (job.grad) reinterpret_cast<C*>(job.grad)[unit] = C(variance);
  }
  const C center = mean;
  const int64_t first = job.per_segment ? unit % job.groups * job.segments : unit;
  for (int64_t s = 0; s < job.segments; s++) {
    const int64_t k = job.per_segment ? first + s : first;
    const C scale = weight ? rstd * weight[k] : rstd, shift = bias ? bias[k] : C(0);
    const C* const from = x + s * job.segment_stride;
    map(job.length, out + s * job.segment_stride,
        [&](auto at) TT_INLINED { return (at.read(from) - center) * scale + shift; });
  }
}

template <typename C>
static void segment_backward(const Segments& job, int64_t unit) {
  const int64_t start = unit * job.unit_stride;
  const C* const x = reinterpret_cast<const C*>(job.x) + start;
  const C* const grad = reinterpret_cast<const C*>(job.grad) + start;
  const C* const weight = reinterpret_cast<const C*>(job.weight);
  C* const grad_weight = reinterpret_cast<C*>(job.grad_weight);
  C* const grad_bias = reinterpret_cast<C*>(job.grad_bias);
  const C center = reinterpret_cast<const C*>(job.mean)[unit];
  const double rstd = double(reinterpret_cast<const C*>(job.rstd)[unit]);
  const int64_t first = job.per_segment ? unit % job.groups * job.segments : unit;
  // Σ grad · weight, Σ grad · weight · (x − mean), over the unit.
  double along[2] = {0, 0};
  double own[2] = {0, 0};
  for (int64_t s = 0; s < job.segments; s++) {
    const C *const g = grad + s * job.segment_stride, *const from = x + s * job.segment_stride;
    accumulate<C>(job.length, own, [&](auto at, auto* acc) TT_INLINED {
      const auto v = at.read(g);
      acc[0] += v;
      acc[1] += v * (at.read(from) - center);
    });
    if (!job.per_segment && s + 1 < job.segments) continue;
    const double w = weight ? double(weight[job.per_segment ? first + s : first]) : 1;
    along[0] += w * own[0];
    along[1] += w * own[1];
    const int64_t to = job.per_segment ? unit * job.segments + s : unit;
    if (grad_bias) grad_bias[to] = C(own[0]);
    if (grad_weight) grad_weight[to] = C(own[1] * rstd);
    own[0] = own[1] = 0;
  }
  if (!job.out) return;
  const double count = double(job.segments * job.length);
  const C slope = job.given ? C(0) : C(-rstd * rstd * rstd * along[1] / count);
  const C shift = job.given ? C(0) : C(-rstd * along[0] / count);
  for (int64_t s = 0; s < job.segments; s++) {
    const C *const g = grad + s * job.segment_stride, *const from = x + s * job.segment_stride;
    const C scale = C(weight ? rstd * double(weight[job.per_segment ? first + s : first]) : rstd);
    C* const to = reinterpret_cast<C*>(job.out) + start + s * job.segment_stride;
    if (job.given)
      map(job.length, to, [&](auto at) TT_INLINED { return at.read(g) * scale; });
    else
      map(job.length, to, [&](auto at) TT_INLINED {
        return at.read(g) * scale + ((at.read(from) - center) * slope + shift);
      });
  }
}

// Columns of a matrix side by side: a block of them at once.
constexpr int64_t kColumns = 64;
// Rows that are summed up in C before they go to double.
constexpr int64_t kRows = 128;

template <typename C>
static void columns_block(const Segments& job, int64_t first, int64_t width) {
  const int64_t rows = job.segments, pitch = job.segment_stride;
  const C* const x = reinterpret_cast<const C*>(job.x) + first;
  const C* const weight = job.weight ? reinterpret_cast<const C*>(job.weight) + first : nullptr;
  const C* const bias = job.bias ? reinterpret_cast<const C*>(job.bias) + first : nullptr;
  C* const mean = reinterpret_cast<C*>(job.mean) + first;
  C* const rstd = reinterpret_cast<C*>(job.rstd) + first;
  C* const out = job.out ? reinterpret_cast<C*>(job.out) + first : nullptr;
  double totals[2][kColumns];
  C partial[2][kColumns], factor[kColumns], scale[kColumns], shift[kColumns];
  for (int64_t j = 0; j < kColumns; j++) factor[j] = C(1);
  if (weight) memcpy(factor, weight, size_t(width) * sizeof(C));
  // totals[k] = Σ over the rows of what add(row) adds to partial[k].
  const auto over_rows = [&](auto add) {
    memset(totals, 0, sizeof(totals));
    for (int64_t begin = 0; begin < rows; begin += kRows) {
      memset(partial, 0, sizeof(partial));
      const int64_t end = rows - begin < kRows ? rows : begin + kRows;
      for (int64_t r = begin; r < end; r++) add(r * pitch);
      for (int k = 0; k < 2; k++)
        for (int64_t j = 0; j < width; j++) totals[k][j] += double(partial[k][j]);
    }
  };
  const auto add_to = [&](C* sums, auto f) TT_INLINED {
    each_register<C>(width, [&](auto at) TT_INLINED { at.write_padded(sums, at.read_padded(sums) + f(at)); });
  };
  if (!job.backward) {
    if (!job.given) {
      over_rows([&](int64_t row) {
        add_to(partial[0], [&](auto at) TT_INLINED { return at.read(x + row); });
      });
      double exact[kColumns];
      for (int64_t j = 0; j < width; j++) mean[j] = C(exact[j] = totals[0][j] / double(rows));
      over_rows([&](int64_t row) {
        add_to(partial[0], [&](auto at) TT_INLINED {
          const V<C> d = at.read(x + row) - at.read(mean);
          return d * d;
        });
      });
      for (int64_t j = 0; j < width; j++) {
        const double residue = exact[j] - double(mean[j]);
        const double variance = totals[0][j] / double(rows) - residue * residue;
        rstd[j] = C(inverse_root(variance + job.eps));
        if (job.grad) reinterpret_cast<C*>(job.grad)[first + j] = C(variance);
      }
    }
    memset(shift, 0, sizeof(shift));
    if (bias) memcpy(shift, bias, size_t(width) * sizeof(C));
    each_register<C>(width, [&](auto at) TT_INLINED { at.write_padded(scale, at.read(rstd) * at.read_padded(factor)); });
    for (int64_t r = 0; r < rows; r++) {
      const C* const from = x + r * pitch;
      map(width, out + r * pitch,
          [&](auto at) TT_INLINED { return (at.read(from) - at.read(mean)) * at.read_padded(scale) + at.read_padded(shift); });
    }
    return;
  }
  const C* const grad = reinterpret_cast<const C*>(job.grad) + first;
  C* const grad_weight = reinterpret_cast<C*>(job.grad_weight);
  C* const grad_bias = reinterpret_cast<C*>(job.grad_bias);
  over_rows([&](int64_t row) {
    add_to(partial[0], [&](auto at) TT_INLINED { return at.read(grad + row); });
    add_to(partial[1], [&](auto at) TT_INLINED { return at.read(grad + row) * (at.read(x + row) - at.read(mean)); });
  });
  C slope[kColumns];
  const double count = double(rows);
  if (grad_bias)
    for (int64_t j = 0; j < width; j++) grad_bias[first + j] = C(totals[0][j]);
  if (grad_weight)
    for (int64_t j = 0; j < width; j++) grad_weight[first + j] = C(totals[1][j] * double(rstd[j]));
  if (!out) return;
  for (int64_t j = 0; j < width; j++) {
    const double r = double(rstd[j]), w = double(factor[j]);
    scale[j] = C(r * w);
    slope[j] = C(-r * r * r * w * totals[1][j] / count);
    shift[j] = C(-r * w * totals[0][j] / count);
  }
  for (int64_t r = 0; r < rows; r++) {
    const C *const g = grad + r * pitch, *const from = x + r * pitch;
    if (job.given)
      map(width, out + r * pitch, [&](auto at) TT_INLINED { return at.read(g) * at.read_padded(scale); });
    else
      map(width, out + r * pitch, [&](auto at) TT_INLINED {
        const V<C> along = (at.read(from) - at.read(mean)) * at.read_padded(slope) + at.read_padded(shift);
        return at.read(g) * at.read_padded(scale) + along;
      });
  }
}

struct Rows {
  bool rms;
  int64_t rows, columns;
  double eps;
  char *x, *weight, *bias, *mean, *rstd, *out, *grad, *grad_weight, *grad_bias;
};

template <typename C>
static void row_forward(const Rows& job, int64_t r) {
  const int64_t n = job.columns;
  const C* const x = reinterpret_cast<const C*>(job.x) + r * n;
  const C* const weight = reinterpret_cast<const C*>(job.weight);
  const C* const bias = reinterpret_cast<const C*>(job.bias);
  C* const out = reinterpret_cast<C*>(job.out) + r * n;
  C center = 0, scale;
  if (job.rms) {
    double squares[1] = {0};
    accumulate<C>(n, squares, [&](auto at, auto* acc) TT_INLINED { acc[0] += at.read(x) * at.read(x); });
    scale = C(inverse_root(squares[0] / double(n) + job.eps));
  } else {
    Moments moments;
    moments.add(x, n);
    center = C(moments.mean);
    scale = C(inverse_root(moments.squares / double(n) + job.eps));
    reinterpret_cast<C*>(job.mean)[r] = center;
  }
  reinterpret_cast<C*>(job.rstd)[r] = scale;
  if (weight && bias)
    map(n, out, [&](auto at) TT_INLINED {
      return (at.read(x) - center) * scale * at.read(weight) + at.read(bias);
    });
  else if (weight)
    map(n, out, [&](auto at) TT_INLINED { return (at.read(x) - center) * scale * at.read(weight); });
  else if (bias)
    map(n, out, [&](auto at) TT_INLINED { return (at.read(x) - center) * scale + at.read(bias); });
  else
    map(n, out, [&](auto at) TT_INLINED { return (at.read(x) - center) * scale; });
}

// `sums`: where the gradients of weight and bias of these rows are added up, [2, columns].
template <typename C>
static void row_backward(const Rows& job, int64_t r, C* sums) {
  const int64_t n = job.columns;
  const C* const x = reinterpret_cast<const C*>(job.x) + r * n;
  const C* const grad = reinterpret_cast<const C*>(job.grad) + r * n;
  const C* const weight = reinterpret_cast<const C*>(job.weight);
  const C center = job.rms ? C(0) : reinterpret_cast<const C*>(job.mean)[r];
  const C rstd = reinterpret_cast<const C*>(job.rstd)[r];
  if (job.grad_weight)
    map(n, sums, [&](auto at) TT_INLINED {
      return at.read(sums) + at.read(grad) * ((at.read(x) - center) * rstd);
    });
  if (job.grad_bias)
    map(n, sums + n, [&](auto at) TT_INLINED { return at.read(sums + n) + at.read(grad); });
  if (!job.out) return;
  double along[2] = {0, 0};
  if (weight)
    accumulate<C>(n, along, [&](auto at, auto* acc) TT_INLINED {
      const auto v = at.read(grad) * at.read(weight);
      acc[0] += v;
      acc[1] += v * (at.read(x) - center);
    });
  else
    accumulate<C>(n, along, [&](auto at, auto* acc) TT_INLINED {
      const auto v = at.read(grad);
      acc[0] += v;
      acc[1] += v * (at.read(x) - center);
    });
  const double inverse = double(rstd);
  const C slope = C(-inverse * inverse * inverse * along[1] / double(n));
  const C shift = job.rms ? C(0) : C(-inverse * along[0] / double(n));
  C* const to = reinterpret_cast<C*>(job.out) + r * n;
  if (weight)
    map(n, to, [&](auto at) TT_INLINED {
      return at.read(grad) * at.read(weight) * rstd + ((at.read(x) - center) * slope + shift);
    });
  else
    map(n, to, [&](auto at) TT_INLINED {
      return at.read(grad) * rstd + ((at.read(x) - center) * slope + shift);
    });
}

// Rows are added up in blocks, as many as the shape says (not the number of threads), so that sums are the same on every run.
constexpr int64_t kMostBlocks = 32;

template <typename C>
static bool rows_backward(const Rows& job) {
  const int64_t n = job.columns;
  const bool factors = job.grad_weight || job.grad_bias;
  int64_t blocks = job.rows * n / 32768 + 1;
  if (blocks > kMostBlocks) blocks = kMostBlocks;
  if (blocks > job.rows) blocks = job.rows > 0 ? job.rows : 1;
  const int64_t height = (job.rows + blocks - 1) / blocks;
  C* sums = nullptr;
  if (factors) {
    sums = static_cast<C*>(tt_scratch(TT_SCRATCH_OTHER, size_t(blocks * 2 * n) * sizeof(C)));
    if (!sums) return false;
  }
  parallel(blocks, job.rows * n < 32768 ? blocks : 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t b = begin; b < end; b++) {
      C* const own = factors ? sums + b * 2 * n : nullptr;
      if (own) memset(own, 0, size_t(2 * n) * sizeof(C));
      const int64_t last = (b + 1) * height < job.rows ? (b + 1) * height : job.rows;
      for (int64_t r = b * height; r < last; r++) row_backward<C>(job, r, own);
    }
  });
  if (!factors) return true;
  for (int which = 0; which < 2; which++) {
    C* const to = reinterpret_cast<C*>(which ? job.grad_bias : job.grad_weight);
    if (!to) continue;
    for (int64_t j = 0; j < n; j++) to[j] = 0;
    for (int64_t b = 0; b < blocks; b++) {
      const C* const from = sums + (2 * b + which) * n;
      map(n, to, [&](auto at) TT_INLINED { return at.read(to) + at.read(from); });
    }
  }
  return true;
}

// Calls f with a float or a double.
template <typename F>
TT_INLINE int32_t switch_real_float(int dtype, F f) {
  if (dtype == TT_FLOAT32) return f(0.0f);
  if (dtype == TT_FLOAT64) return f(0.0);
  return TT_UNSUPPORTED_DTYPE;
}

template <typename Job>
TT_INLINE void read_addresses(ArgReader& reader, Job& job) {
  job.x = reader.address<char>();
  job.weight = reader.address<char>();
  job.bias = reader.address<char>();
  job.mean = reader.address<char>();
  job.rstd = reader.address<char>();
  job.out = reader.address<char>();
  job.grad = reader.address<char>();
  job.grad_weight = reader.address<char>();
  job.grad_bias = reader.address<char>();
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(norm_segments) {
  ArgReader reader{args};
  Segments job;
  job.backward = reader.integer() != 0;
  job.given = reader.integer() != 0;
  const int dtype = int(reader.integer());
  job.units = reader.integer();
  job.segments = reader.integer();
  job.length = reader.integer();
  job.unit_stride = reader.integer();
  job.segment_stride = reader.integer();
  job.per_segment = reader.integer() != 0;
  job.groups = reader.integer();
  job.eps = reader.number();
  read_addresses(reader, job);
  return switch_real_float(dtype, [&](auto tag) -> int32_t {
    using C = decltype(tag);
    parallel(job.units, 16384 / (job.segments * job.length + 1) + 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t unit = begin; unit < end; unit++) {
        if (job.backward)
          segment_backward<C>(job, unit);
        else
          segment_forward<C>(job, unit);
      }
    });
    return TT_OK;
  });
}

TT_ENTRY(norm_columns) {
  ArgReader reader{args};
  Segments job;
  job.backward = reader.integer() != 0;
  job.given = reader.integer() != 0;
  const int dtype = int(reader.integer());
  job.segments = reader.integer();
  job.units = job.segment_stride = reader.integer();
  job.eps = reader.number();
  read_addresses(reader, job);
  return switch_real_float(dtype, [&](auto tag) -> int32_t {
    using C = decltype(tag);
    const int64_t blocks = (job.units + kColumns - 1) / kColumns;
    parallel(blocks, 16384 / (job.segments * kColumns + 1) + 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t b = begin; b < end; b++) {
        const int64_t first = b * kColumns, rest = job.units - first;
        columns_block<C>(job, first, rest < kColumns ? rest : kColumns);
      }
    });
    return TT_OK;
  });
}

TT_ENTRY(norm_rows) {
  ArgReader reader{args};
  Rows job;
  const bool backward = reader.integer() != 0;
  job.rms = reader.integer() != 0;
  const int dtype = int(reader.integer());
  job.rows = reader.integer();
  job.columns = reader.integer();
  job.eps = reader.number();
  read_addresses(reader, job);
  return switch_real_float(dtype, [&](auto tag) -> int32_t {
    using C = decltype(tag);
    if (backward) return rows_backward<C>(job) ? TT_OK : TT_OUT_OF_MEMORY;
    parallel(job.rows, 16384 / (job.columns + 1) + 1, [&](int64_t begin, int64_t end, int) {
      for (int64_t r = begin; r < end; r++) row_forward<C>(job, r);
    });
    return TT_OK;
  });
}
