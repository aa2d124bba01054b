// The order of rows: by their first elements, where these are equal by their second ones, and so on.
//
// sort_rows: [rows, columns; in: address, dtype; order: address (int64, [rows])]
//   `in` is contiguous; real dtypes. Stable; NaN counts as the largest element.
#include "../platform.h"
#include "order.h"

namespace TT_NS {
namespace {

template <typename T>
TT_INLINE bool row_before(const T* a, const T* b, int64_t columns) {
  for (int64_t j = 0; j < columns; j++) {
    const auto x = key_of(a[j]), y = key_of(b[j]);
    if (x != y) return x < y;
  }
  return false;
}

// Merge sort of row numbers between two buffers, the result in `order`.
template <typename T>
static void sort_rows(const T* in, int64_t rows, int64_t columns, int64_t* order, int64_t* other) {
  for (int64_t i = 0; i < rows; i++) order[i] = i;
  int64_t *from = order, *to = other;
  for (int64_t width = 1; width < rows; width *= 2) {
    for (int64_t begin = 0; begin < rows; begin += 2 * width) {
      const int64_t middle = begin + width < rows ? begin + width : rows;
      const int64_t end = middle + width < rows ? middle + width : rows;
      int64_t a = begin, b = middle;
      for (int64_t i = begin; i < end; i++) {
        const bool from_b =
            a == middle || (b < end && row_before(in + from[b] * columns, in + from[a] * columns, columns));
        to[i] = from[from_b ? b++ : a++];
      }
    }
    int64_t* const swap = from;
    from = to;
    to = swap;
  }
  if (from != order) memcpy(order, from, size_t(rows) * sizeof(int64_t));
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(sort_rows) {
  ArgReader reader{args};
  const int64_t rows = reader.integer();
  const int64_t columns = reader.integer();
  const void* const in = reader.address<void>();
  const int dtype = int(reader.integer());
  int64_t* const order = reader.address<int64_t>();
  int64_t* const other = static_cast<int64_t*>(tt_scratch(TT_SCRATCH_OTHER, size_t(rows + 1) * sizeof(int64_t)));
  if (!other) return TT_OUT_OF_MEMORY;
  const bool known = switch_real(dtype, [&](auto tag) {
    sort_rows(static_cast<const typename decltype(tag)::type*>(in), rows, columns, order, other);
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
