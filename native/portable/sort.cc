// Sorting, selecting and searching along one dimension. NaN counts as the largest element, as in PyTorch.
//
// sort: [descending, stable, ndim, dim, sizes[ndim]; in: operand; values: operand; indices: operand (int64)]
// topk: [mode, largest, k, ndim, dim, sizes[ndim] of in; in: operand; values: operand; indices: operand (int64)]
//   mode 0: the k first of the sorted order, in that order; 1: the same, in PyTorch's order of unsorted ones; and one element a
//   row (results have size 1 along `dim`), 2: the k-th; 3: the lower median, NaN if there is one; 4: that of what is no NaN;
//   5: the commonest, of equally common ones the smallest.
// searchsorted: [right, rows, length, count; sequence: address, dtype, strides[2]; values: address, dtype, strides[2];
//                sorter: address (0: none), strides[2]; out: address, dtype (int64 or int32)]
//   For each of `count` values in a row, where it would be inserted into the row's sorted sequence; both have one dtype;
//   out is contiguous [rows, count]. A sorter (int64) that points out of the sequence gives TT_INDEX_OUT_OF_RANGE.
//
// An operand is address, dtype, strides[ndim]; real dtypes; the results may not be the input.
//
// Elements become unsigned keys in the same order. A key and its position move together: by merging where they are few,
// else by radix, least significant digits first. Where equal keys leave it open which index comes out, order.h decides.
#include "../platform.h"
#include "order.h"

namespace TT_NS {
namespace {

template <typename T, typename K>
TT_INLINE void make_pairs(const T* from, int64_t step, int64_t n, K flip, Pair<K>* pairs) {
  for (int64_t i = 0; i < n; i++) pairs[i] = {K(key_of(from[i * step]) ^ flip), K(i)};
}

constexpr int64_t kRun = 16;
constexpr int64_t kRadixFrom = 400;

// Stable. Gives whichever of the two buffers holds the result.
template <typename K>
static Pair<K>* merge_sort(Pair<K>* pairs, Pair<K>* other, int64_t n) {
  for (int64_t begin = 0; begin < n; begin += kRun) {
    const int64_t end = begin + kRun < n ? begin + kRun : n;
    for (int64_t i = begin + 1; i < end; i++) {
      const Pair<K> moved = pairs[i];
      int64_t j = i;
      for (; j > begin && moved.key < pairs[j - 1].key; j--) pairs[j] = pairs[j - 1];
      pairs[j] = moved;
    }
  }
  for (int64_t width = kRun; width < n; width *= 2) {
    for (int64_t begin = 0; begin < n; begin += 2 * width) {
      const int64_t middle = begin + width < n ? begin + width : n;
      const int64_t end = middle + width < n ? middle + width : n;
      int64_t a = begin, b = middle;
      for (int64_t i = begin; i < end; i++) {
        const bool from_b = a == middle || (b < end && pairs[b].key < pairs[a].key);
        other[i] = pairs[from_b ? b++ : a++];
      }
    }
    Pair<K>* const swap = pairs;
    pairs = other;
    other = swap;
  }
  return pairs;
}

template <typename K>
static Pair<K>* radix_sort(Pair<K>* pairs, Pair<K>* other, int64_t n) {
  constexpr int kDigit = 8;
  constexpr int kBuckets = 1 << kDigit;
  constexpr int kPasses = sizeof(K) * 8 / kDigit;
  uint32_t counts[kPasses][kBuckets];
  memset(counts, 0, sizeof(counts));
  for (int64_t i = 0; i < n; i++) {
    const K key = pairs[i].key;
    for (int p = 0; p < kPasses; p++) counts[p][key >> (p * kDigit) & (kBuckets - 1)]++;
  }
  for (int p = 0; p < kPasses; p++) {
    const int shift = p * kDigit;
    // A digit that all keys share moves nothing.
    if (counts[p][pairs[0].key >> shift & (kBuckets - 1)] == uint32_t(n)) continue;
    uint32_t starts[kBuckets], sum = 0;
    for (int b = 0; b < kBuckets; b++) {
      starts[b] = sum;
      sum += counts[p][b];
    }
    for (int64_t i = 0; i < n; i++) other[starts[pairs[i].key >> shift & (kBuckets - 1)]++] = pairs[i];
    Pair<K>* const swap = pairs;
    pairs = other;
    other = swap;
  }
  return pairs;
}

template <typename K>
TT_INLINE Pair<K>* sort_pairs(Pair<K>* pairs, Pair<K>* other, int64_t n) {
  return n < kRadixFrom || n > int64_t(UINT32_MAX) ? merge_sort(pairs, other, n) : radix_sort(pairs, other, n);
}

// Moves the k smallest pairs to the front of `kept`, in the order of their places. `rest` is for candidates.
// Gives whether the k-th key has equals.
template <typename K>
static bool select_pairs(const Pair<K>* pairs, int64_t n, int64_t k, Pair<K>* kept, Pair<K>* rest) {
  // Digit by digit from the top: the k-th key lies in the bucket where the counts pass k.
  const Pair<K>* candidates = pairs;
  int64_t count = n, wanted = k, equals = n;
  K prefix = 0;
  for (int shift = int(sizeof(K)) * 8 - 8; shift >= 0; shift -= 8) {
    uint64_t counts[256] = {};
    for (int64_t i = 0; i < count; i++) counts[candidates[i].key >> shift & 255]++;
    int bucket = 0;
    while (wanted > int64_t(counts[bucket])) wanted -= int64_t(counts[bucket++]);
    prefix |= K(bucket) << shift;
    equals = int64_t(counts[bucket]);
    if (shift > 0 && equals < count) {
      int64_t next = 0;
      for (int64_t i = 0; i < count; i++)
        if (int(candidates[i].key >> shift & 255) == bucket) rest[next++] = candidates[i];
      candidates = rest;
      count = next;
    }
  }
  // `prefix` is the k-th key, and `wanted` of those equal to it belong to the first k.
  int64_t next = 0;
  for (int64_t i = 0; i < n && next < k; i++) {
    if (pairs[i].key < prefix || (pairs[i].key == prefix && wanted-- > 0)) kept[next++] = pairs[i];
  }
  return equals > 1;
}

// The same, faster where k is small: no key above the k-th of a sample is among them.
template <typename K>
static bool select_few(const Pair<K>* pairs, int64_t n, int64_t k, Pair<K>* kept, Pair<K>* rest) {
  constexpr int64_t kLongRow = 16384, kLeastSample = 1024;
  if (n < kLongRow || 64 * k > n) return select_pairs(pairs, n, k, kept, rest);
  const int64_t size = 32 * k < kLeastSample ? kLeastSample : 32 * k, step = n / size;
  for (int64_t i = 0; i < size; i++) rest[i] = pairs[i * step];
  select_pairs(rest, size, k, kept, rest + size);
  K most = 0;
  for (int64_t i = 0; i < k; i++) most = kept[i].key > most ? kept[i].key : most;
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++)
    if (pairs[i].key <= most) rest[count++] = pairs[i];
  return count > n / 2 ? select_pairs(pairs, n, k, kept, rest) : select_pairs(rest, count, k, kept, rest + count);
}

enum Mode { SORT_STABLE, SORT, TOP, TOP_UNSORTED, KTH, MEDIAN, NANMEDIAN, MODE };

struct Job {
  Mode mode;
  bool descending;
  int64_t k;
  int ndim;  // without the sorted dimension
  int64_t n;
  int64_t sizes[kMaxDims];
  Operand operands[3];  // in, values, indices
  int64_t steps[3];
  bool failed = false;
};

// Up to this many, PyTorch's sort is by insertion, which is stable.
constexpr int64_t kStableUpTo = 16;
// From this many on, equal floats keep their order: they are few, and PyTorch's own order would cost seven times as much.
constexpr int64_t kStableFrom = 4096;

template <typename K>
static bool any_equal(const Pair<K>* sorted, int64_t n) {
  for (int64_t i = 1; i < n; i++)
    if (sorted[i].key == sorted[i - 1].key) return true;
  return false;
}

// A row's pairs, with room for twice as many behind them.
template <typename K>
struct Row {
  Pair<K>* pairs;
  int64_t n;

  Pair<K>* room() const { return pairs + n; }
  Pair<K>* more_room() const { return pairs + 2 * n; }
};

template <typename K>
static const Pair<K>* sorted_row(const Row<K>& row, bool stable) {
  const int64_t n = row.n;
  if (stable || n <= kStableUpTo) return sort_pairs(row.pairs, row.room(), n);
  Pair<K>* const original = row.more_room();
  memcpy(original, row.pairs, size_t(n) * sizeof(Pair<K>));
  const Pair<K>* const sorted = sort_pairs(row.pairs, row.room(), n);
  if (!any_equal(sorted, n)) return sorted;
  introsort(original, original + n);
  return original;
}

template <typename K>
static const Pair<K>* top_of_row(const Row<K>& row, int64_t k, bool in_order) {
  const int64_t n = row.n;
  if (in_order) {
    // Without equals among the first k + 1 there is but one order.
    const bool tied = select_few(row.pairs, n, k, row.room(), row.more_room());
    const Pair<K>* const sorted = sort_pairs(row.room(), row.more_room(), k);
    if (!tied && !any_equal(sorted, k)) return sorted;
  }
  Pair<K>* const first = row.pairs;
  if (k * 64 <= n) {
    partial_sort(first, first + k, first + n);
  } else {
    introselect(first, first + k - 1, first + n);
    if (in_order) introsort(first, first + k - 1);
  }
  return first;
}

template <typename K>
static const Pair<K>* kth_of_row(const Row<K>& row, int64_t k) {
  quickselect(row.pairs, row.n, k - 1);
  return row.pairs + k - 1;
}

// `nan` is the first NaN's place, or n; `nans` their number. Equals count in the order of their places.
template <typename K>
static const Pair<K>* median_of_row(const Row<K>& row, bool ignore_nan, int64_t nan, int64_t nans) {
  if (!ignore_nan && nan < row.n) return row.pairs + nan;
  const int64_t k = nans < row.n ? (row.n - nans - 1) / 2 + 1 : 1;
  Pair<K>* const kept = row.room();
  select_pairs(row.pairs, row.n, k, kept, row.more_room());
  int64_t last = 0;
  for (int64_t i = 1; i < k; i++)
    if (kept[i].key >= kept[last].key) last = i;
  return kept + last;
}

// The last of the longest run of equals; NaN (the highest key of a float) equals nothing.
template <typename K>
static const Pair<K>* mode_of_row(const Row<K>& row, bool is_float) {
  const Pair<K>* const sorted = sorted_row(row, false);
  int64_t longest = 0, length = 0, best = 0;
  for (int64_t i = 0; i < row.n; i++) {
    length++;
    if (i + 1 < row.n && sorted[i].key == sorted[i + 1].key && !(is_float && sorted[i].key == ~K(0))) continue;
    if (length > longest) {
      longest = length;
      best = i;
    }
    length = 0;
  }
  return sorted + best;
}

template <typename K>
static const Pair<K>* choose(const Job& job, const Row<K>& row, int64_t nan, int64_t nans, bool is_float,
                              bool is_wide_float) {
  switch (job.mode) {
    case SORT_STABLE: return sorted_row(row, true);
    case SORT: return sorted_row(row, is_wide_float && row.n >= kStableFrom);
    case TOP:
    case TOP_UNSORTED: return top_of_row(row, job.k, job.mode == TOP);
    case KTH: return kth_of_row(row, job.k);
    case MEDIAN:
    case NANMEDIAN: return median_of_row(row, job.mode == NANMEDIAN, nan, nans);
    default: return mode_of_row(row, is_float);
  }
}

template <typename T>
static void run(Job& job) {
  using K = typename KeyOf<T>::type;
  const K flip = job.descending ? ~K(0) : K(0);
  const T* const in = reinterpret_cast<const T*>(job.operands[0].data);
  T* const values = reinterpret_cast<T*>(job.operands[1].data);
  int64_t* const indices = reinterpret_cast<int64_t*>(job.operands[2].data);
  const int64_t n = job.n;
  const int64_t count = job.mode <= SORT ? n : job.mode <= TOP_UNSORTED ? job.k : 1;
  parallel(product(job.sizes, job.ndim), 2048 / n + 1, [&](int64_t begin, int64_t end, int) {
    Pair<K>* const pairs = static_cast<Pair<K>*>(tt_scratch(TT_SCRATCH_OTHER, size_t(n) * 3 * sizeof(Pair<K>)));
    if (!pairs) {
      __atomic_store_n(&job.failed, true, __ATOMIC_RELAXED);
      return;
    }
    Walk<3> walk;
    walk.over(job.ndim, job.sizes, job.operands[0].strides, job.operands[1].strides, job.operands[2].strides);
    walk.start(begin);
    for (int64_t row = begin; row < end; row++, walk.next()) {
      const T* const from = in + walk.offset[0];
      T* const value = values + walk.offset[1];
      int64_t* const index = indices + walk.offset[2];
      make_pairs(from, job.steps[0], n, flip, pairs);
      int64_t nan = n, nans = 0;
      if constexpr (is_float<T>) {
        if (job.mode >= MEDIAN)
          for (int64_t i = n - 1; i >= 0; i--)
            if (pairs[i].key == ~K(0)) nan = i, nans++;
      }
      const Pair<K>* const chosen = choose(job, Row<K>{pairs, n}, nan, nans, is_float<T>, is_float<T> && sizeof(T) >= 4);
      for (int64_t i = 0; i < count; i++) {
        const int64_t place = int64_t(chosen[i].place);
        value[i * job.steps[1]] = from[place * job.steps[0]];
        index[i * job.steps[2]] = place;
      }
    }
  });
}

static int32_t sort_along(ArgReader& reader, Job& job) {
  const int ndim = int(reader.integer());
  const int dim = int(reader.integer());
  read_sizes(reader, ndim, job.sizes);
  for (int k = 0; k < 3; k++) read_operand(reader, ndim, job.operands[k]);
  if (product(job.sizes, ndim) == 0 || (job.mode >= TOP && job.mode <= KTH && job.k == 0)) return TT_OK;
  job.n = ndim ? job.sizes[dim] : 1;
  if (job.n > int64_t(UINT32_MAX)) return TT_BAD_ARGUMENT;  // places are as wide as keys
  job.ndim = 0;
  for (int k = 0; k < 3; k++) job.steps[k] = ndim ? job.operands[k].strides[dim] : 1;
  for (int d = 0; d < ndim; d++) {
    if (d == dim) continue;
    job.sizes[job.ndim] = job.sizes[d];
    for (int k = 0; k < 3; k++) job.operands[k].strides[job.ndim] = job.operands[k].strides[d];
    job.ndim++;
  }
  const bool known = switch_real(job.operands[0].dtype, [&](auto tag) { run<typename decltype(tag)::type>(job); });
  if (job.failed) return TT_OUT_OF_MEMORY;
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}

struct Search {
  bool right;
  int64_t rows, length, count;
  Operand sequence, values;
  const int64_t* sorter;
  int64_t sorter_strides[2];
  char* out;
  int out_dtype;
};

static bool is_inside(const Search& job) {
  if (!job.sorter) return true;
  for (int64_t row = 0; row < job.rows; row++)
    for (int64_t i = 0; i < job.length; i++)
      if (uint64_t(job.sorter[row * job.sorter_strides[0] + i * job.sorter_strides[1]]) >= uint64_t(job.length)) return false;
  return true;
}

// About as many comparisons as are worth a thread.
constexpr int64_t kComparisons = 1 << 15;

// So many searches go on at once, step by step without a branch: half of these would be foretold wrongly, and a step waits
// for what the one before has read.
constexpr int kSearches = 8;

// The elements of a row, in the order of a sorter if there is one, as what they are compared as.
template <typename C>
static void load(const Operand& from, int64_t offset, int64_t n, const int64_t* sorter, int64_t sorter_step, C* to) {
  switch_real(from.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (same<Compute<T>, C> || (same<int64_t, C> && !is_float<T>)) {
      const T* const data = reinterpret_cast<const T*>(from.data) + offset;
      for (int64_t i = 0; i < n; i++) to[i] = widen(data[(sorter ? sorter[i * sorter_step] : i) * from.strides[1]]);
    }
  });
}

// The places of `count` values.
template <typename C>
TT_INLINE void places_of(const C* values, int count, const C* sequence, int64_t length, bool right, int64_t* low) {
  int64_t high[kSearches];
  for (int s = 0; s < count; s++) {
    low[s] = 0;
    high[s] = length;
  }
  for (int64_t most = length; most > 0; most /= 2) {
    for (int s = 0; s < count; s++) {
      const int64_t middle = low[s] + (high[s] - low[s]) / 2;
      const int64_t open = -int64_t(low[s] < high[s]);
      const C x = sequence[middle & open];
      const int64_t above = -int64_t(right ? !(x > values[s]) : !(x >= values[s]));
      low[s] += (middle + 1 - low[s]) & above & open;
      high[s] -= (high[s] - middle) & ~above;
    }
  }
}

template <typename C>
static bool search(const Search& job, int32_t dtype) {
  int64_t steps = 1;
  while (job.length >> steps) steps++;
  const bool in_place = job.sequence.dtype == dtype && job.sequence.strides[1] == 1 && !job.sorter;
  bool enough = true;
  parallel(job.rows * job.count, kComparisons / steps, [&](int64_t begin, int64_t end, int) {
    C* const loaded = in_place ? nullptr : static_cast<C*>(tt_scratch(TT_SCRATCH_OTHER, size_t(job.length + 1) * sizeof(C)));
    if (!in_place && !loaded) {
      __atomic_store_n(&enough, false, __ATOMIC_RELAXED);
      return;
    }
    while (begin < end) {
      const int64_t row = begin / job.count, first = begin % job.count;
      const int64_t last = job.count - first < end - begin ? job.count : first + (end - begin);
      const int64_t start = row * job.sequence.strides[0];
      if (!in_place)
        load(job.sequence, start, job.length, job.sorter ? job.sorter + row * job.sorter_strides[0] : nullptr,
             job.sorter_strides[1], loaded);
      const C* const sequence = in_place ? reinterpret_cast<const C*>(job.sequence.data) + start : loaded;
      for (int64_t j = first; j < last; j += kSearches) {
        const int count = last - j < kSearches ? int(last - j) : kSearches;
        C wanted[kSearches];
        int64_t places[kSearches];
        load(job.values, row * job.values.strides[0] + j * job.values.strides[1], count, nullptr, 0, wanted);
        places_of(wanted, count, sequence, job.length, job.right, places);
        for (int s = 0; s < count; s++) {
          const int64_t to = row * job.count + j + s;
          if (job.out_dtype == TT_INT32)
            reinterpret_cast<int32_t*>(job.out)[to] = int32_t(places[s]);
          else
            reinterpret_cast<int64_t*>(job.out)[to] = places[s];
        }
      }
      begin += last - first;
    }
  });
  return enough;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(sort) {
  ArgReader reader{args};
  Job job;
  job.k = 0;
  job.descending = reader.integer() != 0;
  job.mode = reader.integer() != 0 ? SORT_STABLE : SORT;
  return sort_along(reader, job);
}

TT_ENTRY(topk) {
  ArgReader reader{args};
  Job job;
  job.mode = Mode(int(reader.integer()) + TOP);
  job.descending = reader.integer() != 0;
  job.k = reader.integer();
  return sort_along(reader, job);
}

TT_ENTRY(searchsorted) {
  ArgReader reader{args};
  Search job;
  job.right = reader.integer() != 0;
  job.rows = reader.integer();
  job.length = reader.integer();
  job.count = reader.integer();
  read_operand(reader, 2, job.sequence);
  read_operand(reader, 2, job.values);
  job.sorter = reader.address<int64_t>();
  read_sizes(reader, 2, job.sorter_strides);
  job.out = reader.address<char>();
  job.out_dtype = int(reader.integer());
  if (!is_inside(job)) return TT_INDEX_OUT_OF_RANGE;
  bool enough;
  switch (job.values.dtype) {
    case TT_FLOAT64: enough = search<double>(job, TT_FLOAT64); break;
    case TT_FLOAT16: case TT_BFLOAT16: case TT_FLOAT32: enough = search<float>(job, TT_FLOAT32); break;
    case TT_COMPLEX64: case TT_COMPLEX128: return TT_UNSUPPORTED_DTYPE;
    default: enough = search<int64_t>(job, TT_INT64);
  }
  return enough ? TT_OK : TT_OUT_OF_MEMORY;
}
