// The box is walked as it lies in what is written: rows that lie side by side on both sides are copied as bytes, others
// element by element; and where the neighbours of an element that is read belong to another row, a block of rows at a time.
#include "move.h"

#include <string.h>

#include "threads.h"

namespace {

constexpr int max_dims = 64;
// About as many bytes, and as many elements that do not lie side by side, as are worth a thread.
constexpr int64_t grain_bytes = 1 << 17;
constexpr int64_t grain_elements = 1 << 14;
// A block is as many rows as elements share a cache line, and so many columns.
constexpr int64_t line_bytes = 64;
constexpr int64_t block_columns = 64;

struct bytes16 {
  uint64_t words[2];
};
// Elements may lie at any address.
template <class T>
struct [[gnu::packed, gnu::may_alias]] Item {
  T value;
};

struct Move {
  int dims;
  int64_t item;
  char* to;
  const char* from;
  int64_t sizes[max_dims], to_strides[max_dims], from_strides[max_dims];  // innermost first
  int across = 0;  // the dimension along which what is read lies side by side, if not the innermost

  void set(int d, int64_t size, int64_t to_stride, int64_t from_stride) {
    sizes[d] = size;
    to_strides[d] = to_stride;
    from_strides[d] = from_stride;
  }
  void set(int d, int other) { set(d, sizes[other], to_strides[other], from_strides[other]); }
  bool side_by_side() const { return dims > 0 && to_strides[0] == item && from_strides[0] == item; }
};

// Takes the dimensions in the order and the direction in which the result lies, without those of one element, and merges
// those that both sides can walk as one.
void simplify(Move& m, int dims, const int64_t* sizes, const int64_t* to_strides, const int64_t* from_strides) {
  m.dims = 0;
  for (int d = 0; d < dims; d++) {
    if (sizes[d] == 1) continue;
    int64_t to_stride = to_strides[d], from_stride = from_strides[d];
    if (to_stride < 0) {
      m.to += (sizes[d] - 1) * to_stride;
      m.from += (sizes[d] - 1) * from_stride;
      to_stride = -to_stride;
      from_stride = -from_stride;
    }
    int place = m.dims++;
    for (; place > 0 && to_stride < m.to_strides[place - 1]; place--) m.set(place, place - 1);
    m.set(place, sizes[d], to_stride, from_stride);
  }
  int kept = 0;
  for (int d = 1; d < m.dims; d++) {
    if (m.to_strides[d] == m.to_strides[kept] * m.sizes[kept] &&
        m.from_strides[d] == m.from_strides[kept] * m.sizes[kept])
      m.sizes[kept] *= m.sizes[d];
    else
      m.set(++kept, d);
  }
  if (m.dims > 0) m.dims = kept + 1;
}

// A few elements that lie side by side on both sides move as one larger one, many as a row of bytes.
void widen(Move& m) {
  if (!m.side_by_side()) return;
  const int64_t bytes = m.sizes[0] * m.item;
  if (bytes <= 16 && (bytes & (bytes - 1)) == 0) {
    m.item = bytes;
    m.dims--;
    for (int d = 0; d < m.dims; d++) m.set(d, d + 1);
  } else {
    m.item = 1;
    m.set(0, bytes, 1, 1);
  }
}

// Some C libraries leave what is longer than 2 KB to the processor's own instruction, which on some processors is slow where
// the two sides lie differently in their cache lines.
inline void copy_bytes(char* to, const char* from, int64_t n) {
  const int64_t piece = (uintptr_t(to) ^ uintptr_t(from)) % line_bytes != 0 ? 2048 : n;
  do {
    int64_t count = n < piece ? n : piece;
    __asm__("" : "+r"(count));  // a compiler that knew the bound would write that instruction itself
    memcpy(to, from, size_t(count));
    to += count;
    from += count;
    n -= count;
  } while (n > 0);
}

template <class T>
inline void move_row(char* to_bytes, int64_t to_stride, const char* from_bytes, int64_t from_stride, int64_t n) {
  constexpr int64_t size = sizeof(T);
  Item<T>* __restrict to = (Item<T>*)to_bytes;
  const Item<T>* __restrict from = (const Item<T>*)from_bytes;
  if (to_stride != size) {
    for (int64_t i = 0; i < n; i++)
      ((Item<T>*)(to_bytes + i * to_stride))->value = ((const Item<T>*)(from_bytes + i * from_stride))->value;
  } else if (from_stride == size) {
    copy_bytes(to_bytes, from_bytes, n * size);
  } else if (from_stride == 0) {
    const T value = from->value;
    for (int64_t i = 0; i < n; i++) to[i].value = value;
  } else if (from_stride == -size) {
    for (int64_t i = 0; i < n; i++) to[i].value = from[-i].value;
  } else if (from_stride == 2 * size) {
    for (int64_t i = 0; i < n; i++) to[i].value = from[2 * i].value;
  } else {
    for (int64_t i = 0; i < n; i++) to[i].value = ((const Item<T>*)(from_bytes + i * from_stride))->value;
  }
}

// Elements begin..end of the walk, row by row.
template <class T>
void move_rows(const Move& m, int64_t begin, int64_t end) {
  int64_t index[max_dims];
  char* to = m.to;
  const char* from = m.from;
  int64_t linear = begin;
  for (int d = 0; d < m.dims; d++) {
    index[d] = linear % m.sizes[d];
    linear /= m.sizes[d];
    to += index[d] * m.to_strides[d];
    from += index[d] * m.from_strides[d];
  }
  for (int64_t first = index[0]; begin < end; first = 0) {
    const int64_t rest = m.sizes[0] - first;
    const int64_t n = rest < end - begin ? rest : end - begin;
    move_row<T>(to, m.to_strides[0], from, m.from_strides[0], n);
    begin += n;
    to -= first * m.to_strides[0];
    from -= first * m.from_strides[0];
    for (int d = 1; d < m.dims; d++) {
      to += m.to_strides[d];
      from += m.from_strides[d];
      if (++index[d] < m.sizes[d]) break;
      to -= m.sizes[d] * m.to_strides[d];
      from -= m.sizes[d] * m.from_strides[d];
      index[d] = 0;
    }
  }
}

// A block of rows: each cache line that is read is read once. The rows are put together beside the result first, where
// lines of many rows would drive one another out of the cache.
template <class T>
inline void move_block(const Move& m, char* to, const char* from, int64_t columns, int64_t rows) {
  constexpr int64_t most_rows = line_bytes / sizeof(T);
  T block[most_rows][block_columns];
  const int64_t step = m.from_strides[0];
  if (rows == most_rows) {
    for (int64_t j = 0; j < columns; j++) {
      const Item<T>* column = (const Item<T>*)(from + j * step);
      for (int64_t r = 0; r < most_rows; r++) block[r][j] = column[r].value;
    }
  } else {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t j = 0; j < columns; j++) block[r][j] = ((const Item<T>*)(from + j * step))[r].value;
  }
  for (int64_t r = 0; r < rows; r++)
    move_row<T>(to + r * m.to_strides[m.across], m.to_strides[0], (const char*)block[r], sizeof(T), columns);
}

int64_t blocks_in(int64_t n, int64_t size) { return (n + size - 1) / size; }

// Blocks begin..end.
template <class T>
void move_blocks(const Move& m, int64_t begin, int64_t end) {
  constexpr int64_t most_rows = line_bytes / sizeof(T);
  const int64_t along = blocks_in(m.sizes[0], block_columns), over = blocks_in(m.sizes[m.across], most_rows);
  for (; begin < end; begin++) {
    const int64_t column = begin % along * block_columns;
    int64_t linear = begin / along;
    const int64_t row = linear % over * most_rows;
    linear /= over;
    char* to = m.to + column * m.to_strides[0] + row * m.to_strides[m.across];
    const char* from = m.from + column * m.from_strides[0] + row * m.from_strides[m.across];
    for (int d = 1; d < m.dims; d++) {
      if (d == m.across) continue;
      to += linear % m.sizes[d] * m.to_strides[d];
      from += linear % m.sizes[d] * m.from_strides[d];
      linear /= m.sizes[d];
    }
    const int64_t columns = m.sizes[0] - column, rows = m.sizes[m.across] - row;
    move_block<T>(m, to, from, columns < block_columns ? columns : block_columns, rows < most_rows ? rows : most_rows);
  }
}

template <class T>
void run(Move& m, int64_t numel) {
  if (m.across == 0) {
    tt_parallel_for(
        numel, m.side_by_side() ? grain_bytes / m.item : grain_elements,
        [](void* context, int64_t begin, int64_t end, int) { move_rows<T>(*(const Move*)context, begin, end); }, &m);
    return;
  }
  const int64_t rows = m.sizes[m.across], most_rows = line_bytes / sizeof(T);
  const int64_t blocks =
      numel / m.sizes[0] / rows * blocks_in(m.sizes[0], block_columns) * blocks_in(rows, most_rows);
  tt_parallel_for(
      blocks, grain_elements * blocks / numel + 1,
      [](void* context, int64_t begin, int64_t end, int) { move_blocks<T>(*(const Move*)context, begin, end); }, &m);
}

}  // namespace

void tt_move(int dims, const int64_t* sizes, int64_t item, char* to, const int64_t* to_strides, const char* from,
             const int64_t* from_strides) {
  int64_t numel = 1;
  for (int d = 0; d < dims; d++) numel *= sizes[d];
  if (numel == 0) return;
  Move m;
  m.item = item;
  m.to = to;
  m.from = from;
  simplify(m, dims, sizes, to_strides, from_strides);
  widen(m);
  if (m.dims == 0) {
    m.set(0, 1, m.item, m.item);
    m.dims = 1;
  }
  numel = 1;
  for (int d = 0; d < m.dims; d++) {
    numel *= m.sizes[d];
    if (d > 0 && m.from_strides[d] == m.item && m.from_strides[0] > m.item) m.across = d;
  }
  switch (m.item) {
    case 1: run<uint8_t>(m, numel); break;
    case 2: run<uint16_t>(m, numel); break;
    case 4: run<uint32_t>(m, numel); break;
    case 8: run<uint64_t>(m, numel); break;
    case 16: run<bytes16>(m, numel); break;
  }
}
