// max and min with their positions, along one dimension or over everything.
//
// arg_reduce: [kind, ndim, dim, sizes[ndim]; in: operand; values: operand (address 0: not wanted); indices: operand (int64)]
//   kind 0 max, 1 min. `dim` = -1 reduces everything: the index counts in row-major order, and the results' strides are
//   not read. The first NaN wins, then the first of equal elements. The results have stride 0 along `dim`.
//   An operand is address, dtype, strides[ndim]. The reduced extent is at least 1; real dtypes only.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

// Whether `a` beats `b`, both in the compute type: NaN beats all but a NaN before it.
template <int kind, typename C>
TT_INLINE bool beats(C a, C b) {
  return kind == 0 ? a > b || (a != a && b == b) : a < b || (a != a && b == b);
}

template <typename C>
struct Best {
  C value;
  int64_t index;
};

constexpr int64_t kBlock = 2048;

// The best of n contiguous floats or doubles in registers, then the first place where it is.
template <int kind, typename T>
TT_INLINE Best<T> scan_vector(const T* from, int64_t n) {
  typedef typename Vec<T>::type V;
  constexpr int lanes = Vec<T>::lanes;
  Best<T> best{from[0], 0};
  int64_t winner = 0;
  for (int64_t block = 0; block < n; block += kBlock) {
    const int64_t end = block + kBlock < n ? block + kBlock : n;
    T top = from[block];
    bool nan = top != top;
    int64_t i = block;
    if (end - i >= lanes) {
      V tops = load(from + i);
      V sums = tops - tops;  // NaN where a NaN (or an infinity, which is looked at again) was
      for (; i + lanes <= end; i += lanes) {
        const V x = load(from + i);
        tops = kind == 0 ? (x > tops ? x : tops) : (x < tops ? x : tops);
        sums += x - x;
      }
      for (int k = 0; k < lanes; k++) {
        if (kind == 0 ? tops[k] > top : tops[k] < top) top = tops[k];
        nan = nan || sums[k] != sums[k];
      }
    }
    for (; i < end; i++) {
      if (kind == 0 ? from[i] > top : from[i] < top) top = from[i];
      nan = nan || from[i] != from[i];
    }
    if (nan) {
      // A NaN in the first place of a lane hides that lane's others: look at this block element by element.
      top = from[block];
      for (i = block; i < end; i++) {
        if (from[i] != from[i]) return {from[i], i};
        if (beats<kind>(from[i], top)) top = from[i];
      }
    }
    if (block == 0 || beats<kind>(top, best.value)) {
      best.value = top;
      winner = block;
    }
  }
  best.index = winner;
  while (from[best.index] != best.value) best.index++;
  best.value = from[best.index];
  return best;
}

template <int kind, typename T>
TT_INLINE Best<Compute<T>> scan(const T* from, int64_t step, int64_t n) {
  if constexpr (same<T, float> || same<T, double>) {
    if (step == 1) return scan_vector<kind>(from, n);
  }
  using C = Compute<T>;
  Best<C> best{widen(from[0]), 0};
  for (int64_t i = 1; i < n; i++) {
    const C x = widen(from[i * step]);
    if (beats<kind>(x, best.value)) best = {x, i};
  }
  return best;
}

constexpr int64_t kColumns = 256;

// `width` neighbouring reductions at once.
template <int kind, typename T>
TT_INLINE void scan_columns(const T* from, int64_t step, int64_t n, int64_t width, Compute<T>* values, int32_t* indices) {
  for (int64_t i = 0; i < width; i++) values[i] = widen(from[i]), indices[i] = 0;
  for (int64_t k = 1; k < n; k++) {
    const T* const line = from + k * step;
    for (int64_t i = 0; i < width; i++) {
      const Compute<T> x = widen(line[i]);
      const bool better = beats<kind>(x, values[i]);
      values[i] = better ? x : values[i];
      indices[i] = better ? int32_t(k) : indices[i];
    }
  }
}

template <int kind, typename T>
static void reduce_all(int ndim, int64_t* sizes, Operand& in, T* value, int64_t* index) {
  const T* const data = reinterpret_cast<const T*>(in.data);
  int64_t* strides[1] = {in.strides};
  ndim = coalesce<1>(ndim, sizes, strides);
  const int64_t n = ndim ? sizes[ndim - 1] : 1, step = ndim ? in.strides[ndim - 1] : 1;
  const int64_t rows = product(sizes, ndim ? ndim - 1 : 0);
  Walk<1> walk;
  walk.over(ndim - 1, sizes, in.strides);
  walk.start(0);
  Best<Compute<T>> best{};
  for (int64_t row = 0; row < rows; row++, walk.next()) {
    const Best<Compute<T>> here = scan<kind>(data + walk.offset[0], step, n);
    if (row == 0 || beats<kind>(here.value, best.value)) best = {here.value, row * n + here.index};
  }
  if (value) *value = narrow<T>(best.value);
  *index = best.index;
}

struct Job {
  int ndim;  // without the reduced dimension
  int64_t n, step;
  int64_t sizes[kMaxDims];
  Operand in, values, indices;
};

template <int kind, typename T>
static void reduce_dim(Job& job) {
  const T* const data = reinterpret_cast<const T*>(job.in.data);
  T* const values = reinterpret_cast<T*>(job.values.data);
  int64_t* const indices = reinterpret_cast<int64_t*>(job.indices.data);
  const int64_t grain = 16384 / job.n + 1;
  const int last = job.ndim - 1;
  if (job.ndim > 0 && job.step != 1 && job.in.strides[last] == 1 && job.n < INT32_MAX) {
    const int64_t inner = job.sizes[last];
    const int64_t blocks = (inner + kColumns - 1) / kColumns;
    const int64_t value_step = job.values.strides[last], index_step = job.indices.strides[last];
    parallel(product(job.sizes, last) * blocks, grain / kColumns + 1, [&](int64_t begin, int64_t end, int) {
      Compute<T> best[kColumns];
      int32_t places[kColumns];
      Walk<3> walk;
      walk.over(last, job.sizes, job.in.strides, job.values.strides, job.indices.strides);
      for (int64_t b = begin; b < end; b++) {
        walk.start(b / blocks);
        const int64_t from = b % blocks * kColumns;
        const int64_t width = inner - from < kColumns ? inner - from : kColumns;
        scan_columns<kind>(data + walk.offset[0] + from, job.step, job.n, width, best, places);
        for (int64_t i = 0; i < width; i++) {
          if (values) values[walk.offset[1] + (from + i) * value_step] = narrow<T>(best[i]);
          indices[walk.offset[2] + (from + i) * index_step] = places[i];
        }
      }
    });
    return;
  }
  parallel(product(job.sizes, job.ndim), grain, [&](int64_t begin, int64_t end, int) {
    Walk<3> walk;
    walk.over(job.ndim, job.sizes, job.in.strides, job.values.strides, job.indices.strides);
    walk.start(begin);
    for (int64_t i = begin; i < end; i++, walk.next()) {
      const Best<Compute<T>> best = scan<kind>(data + walk.offset[0], job.step, job.n);
      if (values) values[walk.offset[1]] = narrow<T>(best.value);
      indices[walk.offset[2]] = best.index;
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(arg_reduce) {
  ArgReader reader{args};
  const int kind = int(reader.integer());
  const int ndim = int(reader.integer());
  const int dim = int(reader.integer());
  Job job;
  read_sizes(reader, ndim, job.sizes);
  read_operand(reader, ndim, job.in);
  read_operand(reader, ndim, job.values);
  read_operand(reader, ndim, job.indices);
  if (product(job.sizes, ndim) == 0) return TT_OK;
  if (dim < 0) {
    const bool known = switch_real(job.in.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* const value = reinterpret_cast<T*>(job.values.data);
      int64_t* const index = reinterpret_cast<int64_t*>(job.indices.data);
      if (kind == 0)
        reduce_all<0>(ndim, job.sizes, job.in, value, index);
      else
        reduce_all<1>(ndim, job.sizes, job.in, value, index);
    });
    return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
  }
  job.n = job.sizes[dim];
  job.step = job.in.strides[dim];
  job.ndim = 0;
  for (int d = 0; d < ndim; d++) {
    if (d == dim) continue;
    job.sizes[job.ndim] = job.sizes[d];
    job.in.strides[job.ndim] = job.in.strides[d];
    job.values.strides[job.ndim] = job.values.strides[d];
    job.indices.strides[job.ndim] = job.indices.strides[d];
    job.ndim++;
  }
  int64_t* strides[3] = {job.in.strides, job.values.strides, job.indices.strides};
  job.ndim = coalesce<3>(job.ndim, job.sizes, strides);
  const bool known = switch_real(job.in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if (kind == 0)
      reduce_dim<0, T>(job);
    else
      reduce_dim<1, T>(job);
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
