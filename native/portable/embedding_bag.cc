// Rows of a table, looked up and added up bag by bag.
//
// embedding_bag: [mean, bags, width, n; out: address, dtype; table: address, rows, strides[2]; indices: address, bag of each
//                 index: address, factors: address (or 0: all are 1)]
//   out is [bags, width], contiguous, of the table's floating dtype, as factors are; indices and bags are int64 [n], side by
//   side, and bags rise. An empty bag gives zeros. An index out of range gives TT_INDEX_OUT_OF_RANGE, with the index in slot 0 and the
//   number of rows in slot 1.
#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

constexpr int64_t kGrain = 16384;
constexpr int64_t kColumns = 256;
// Rows lie anywhere: the caches are told of them so many indices before they are added.
constexpr int64_t kAhead = 12;

struct Bags {
  bool mean;
  int64_t count, width, n;
  char* out;
  const char* table;
  int64_t rows, row_step, column_step;
  const int64_t* indices;
  const int64_t* bags;
  const char* factors;
};

// The first index of a bag.
TT_INLINE int64_t start_of(const Bags& job, int64_t bag) {
  int64_t low = 0, high = job.n;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (job.bags[middle] < bag)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

// A piece of a row, times a factor, added to sums.
template <typename T>
TT_INLINE void add_row(Compute<T>* sums, const T* row, int64_t step, Compute<T> factor, int64_t columns) {
  if (step == 1)
    for (int64_t j = 0; j < columns; j++) sums[j] += widen(row[j]) * factor;
  else
    for (int64_t j = 0; j < columns; j++) sums[j] += widen(row[j * step]) * factor;
}

// Four rows at once, in their order: the sums are read and written once.
template <typename T>
TT_INLINE void add_rows(Compute<T>* sums, const T* table, const int64_t* indices, int64_t row_step, int64_t columns) {
  const T* const a = table + indices[0] * row_step;
  const T* const b = table + indices[1] * row_step;
  const T* const c = table + indices[2] * row_step;
  const T* const d = table + indices[3] * row_step;
  for (int64_t j = 0; j < columns; j++) sums[j] = sums[j] + widen(a[j]) + widen(b[j]) + widen(c[j]) + widen(d[j]);
}

template <typename T>
static void sum_bags(const Bags& job) {
  const T* const table = reinterpret_cast<const T*>(job.table);
  const T* const factors = reinterpret_cast<const T*>(job.factors);
  const int64_t cost = job.width * (job.n / job.count + 1);
  parallel(job.count, kGrain / cost + 1, [&](int64_t begin, int64_t end, int) {
    int64_t first = start_of(job, begin);
    for (int64_t bag = begin; bag < end; bag++) {
      int64_t last = first;
      while (last < job.n && job.bags[last] == bag) last++;
      T* const out = reinterpret_cast<T*>(job.out) + bag * job.width;
      for (int64_t column = 0; column < job.width; column += kColumns) {
        const int64_t columns = job.width - column < kColumns ? job.width - column : kColumns;
        const T* const from = table + column * job.column_step;
        Compute<T> sums[kColumns];
        for (int64_t j = 0; j < columns; j++) sums[j] = 0;
        int64_t i = first;
        if (!factors && job.column_step == 1)
          for (; i + 4 <= last; i += 4) {
            for (int64_t k = i + kAhead; k < i + kAhead + 4 && k < job.n; k++)
              for (int64_t j = 0; j < columns; j += int64_t(64 / sizeof(T)))
                __builtin_prefetch(from + job.indices[k] * job.row_step + j);
            add_rows(sums, from, job.indices + i, job.row_step, columns);
          }
        for (; i < last; i++)
          add_row(sums, from + job.indices[i] * job.row_step, job.column_step,
                  factors ? widen(factors[i]) : Compute<T>(1), columns);
        const Compute<T> size = Compute<T>(job.mean && last > first ? last - first : 1);
        for (int64_t j = 0; j < columns; j++) out[column + j] = narrow<T>(sums[j] / size);
      }
      first = last;
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(embedding_bag) {
  ArgReader reader{args};
  Bags job;
  job.mean = reader.integer() != 0;
  job.count = reader.integer();
  job.width = reader.integer();
  job.n = reader.integer();
  job.out = reader.address<char>();
  const int dtype = int(reader.integer());
  job.table = reader.address<char>();
  job.rows = reader.integer();
  job.row_step = reader.integer();
  job.column_step = reader.integer();
  job.indices = reader.address<int64_t>();
  job.bags = reader.address<int64_t>();
  job.factors = reader.address<char>();
  for (int64_t i = 0; i < job.n; i++) {
    if (uint64_t(job.indices[i]) < uint64_t(job.rows)) continue;
    answer(args, 0, double(job.indices[i]));
    answer(args, 1, double(job.rows));
    return TT_INDEX_OUT_OF_RANGE;
  }
  if (job.count == 0 || job.width == 0) return TT_OK;
  const bool known = switch_float(dtype, [&](auto tag) { sum_bags<typename decltype(tag)::type>(job); });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
