// Attention of many queries, in blocks of so few that their scores stay in the first cache.
//
// A block's scores lie with a row for each key and a column for each query: what softmax adds up and compares then lies in
// different registers and never within one, and the scores are, as they lie, the right or left operand of every product
// that follows. Results and gradients of queries come out turned and are turned back, a block at a time.
#pragma once
#include <string.h>

#include "attention.h"
#include "gemm_pack.h"
#include "gemm_shared.h"

namespace TT_NS {
namespace {

template <class T>
struct AttentionBlocks {
  static constexpr int64_t lanes = Vec<T>::lanes, panel = Tile<T>::cols;
  // Queries of a block: whole panels of columns, enough to be worth a sum over them.
  static constexpr int64_t block = panel < 32 ? 32 : panel;
  static constexpr int64_t vectors = block / lanes;

  const Job& job;
  const bool backward;
  // Shared by the blocks of a head. The first two: rows of keys and values. The others are the left operands of products
  // that run over the keys, packed: the columns of keys or values.
  T *key_rows, *value_rows, *key_columns, *value_columns;
  T *key_sums, *value_sums;  // the gradients of keys and values, in rows
  // Of a block: queries and gradients of the result, as columns (scaled, the queries) and as panels of rows.
  T *query_columns, *grad_columns, *query_rows, *grad_rows;
  T *scores, *slopes, *mask;
  T *turned, *rows;  // results as they come out and as they go in

  AttentionBlocks(const Job& job, bool backward) : job(job), backward(backward) {}

  // Lays all out one after the other from `at` on; gives how many elements that takes.
  int64_t lay_out(T* at) {
    T* const begin = at;
    const auto take = [&](T*& place, bool wanted, int64_t n) {
      place = at;
      if (wanted) at += round_up(n, 64 / int64_t(sizeof(T)));
    };
    const int64_t keys = job.keys, e = round_up(job.width, panel), ev = round_up(job.value_width, panel);
    take(key_rows, true, keys * job.width);
    take(value_rows, backward, keys * job.value_width);
    take(key_columns, backward, packed_elements(job.width));
    take(value_columns, !backward, packed_elements(job.value_width));
    take(key_sums, backward, keys * e);
    take(value_sums, backward, keys * ev);
    take(query_columns, true, job.width * block);
    take(grad_columns, backward, job.value_width * block);
    take(query_rows, backward, e * block);
    take(grad_rows, backward, ev * block);
    take(scores, true, keys * block);
    take(slopes, backward, keys * block);
    take(mask, job.operands[kMask].address != 0, keys * block);
    take(turned, true, max64(e, ev) * block);
    take(rows, true, max64(e, ev) * block);
    return at - begin;
  }

  // Rows are taken in panels of equal height, as many as a tile has at most.
  static int64_t height_of(int64_t rows) { return divide_up(rows, divide_up(rows, Tile<T>::rows)); }
  int64_t packed_elements(int64_t rows) const {
    return divide_up(rows, height_of(rows)) * job.keys * Tile<T>::packed_rows;
  }

  static void copy_rows(Matrix<T> from, int64_t count, int64_t width, T* to) {
    for (int64_t i = 0; i < count; i++, to += width) {
      if (from.col_stride == 1)
        memcpy(to, from.at(i, 0), size_t(width) * sizeof(T));
      else
        for (int64_t j = 0; j < width; j++) to[j] = *from.at(i, j);
    }
  }
  static void store_rows(const T* from, int64_t stride, int64_t count, int64_t width, Matrix<T> to) {
    for (int64_t i = 0; i < count; i++, from += stride) {
      if (to.col_stride == 1)
        memcpy(to.at(i, 0), from, size_t(width) * sizeof(T));
      else
        for (int64_t j = 0; j < width; j++) *to.at(i, j) = from[j];
    }
  }
  // The columns of a matrix of keys, as left operand.
  void pack_columns(Matrix<T> from, int64_t width, T* to) const {
    const int64_t height = height_of(width);
    for (int64_t row = 0; row < width; row += height, to += job.keys * Tile<T>::packed_rows)
      pack_panel<T, T>(from.at(0, row), from.col_stride, from.row_stride, min64(height, width - row), job.keys, to,
                       Tile<T>::packed_rows);
  }
  // Rows `begin`.. of a matrix of queries as right operand, turned: [width][block]. Past the last query are zeros.
  static void turn_rows(Matrix<T> from, int64_t begin, int64_t count, int64_t width, T* to) {
    if (count < block) memset(to, 0, size_t(width * block) * sizeof(T));
    pack_panel<T, T>(from.at(begin, 0), from.row_stride, from.col_stride, count, width, to, block);
    for (int64_t i = count; i < round_up(count, lanes); i++)
      for (int64_t p = 0; p < width; p++) to[p * block + i] = 0;
  }
  // The same not turned: panels of columns, [block][panel] each.
  static void pack_rows(Matrix<T> from, int64_t begin, int64_t count, int64_t width, T* to) {
    for (int64_t col = 0; col < width; col += panel, to += block * panel)
      pack_panel<T, T>(from.at(begin, col), from.col_stride, from.row_stride, min64(panel, width - col), count, to, panel);
  }

  // c (m, n) = a (m, k) @ b (k, n), or added to what is there; n counts whole registers. The rows of `a` lie `a_stride` apart,
  // or `a` is packed (a_stride 0); those of b and c so far, and the panels of b.
  struct Operand {
    const T* data;
    int64_t stride, panel_stride;
  };
  static void product(int64_t m, int64_t n, int64_t k, const T* a, int64_t a_stride, int64_t packed_keys, Operand b, T* c,
                      int64_t c_stride, bool add) {
    const int64_t height = height_of(m);
    for (int64_t col = 0; col < n; col += panel) {
      const int width = int(min64(panel, n - col) / lanes);
      const T* const from = b.data + col / panel * b.panel_stride;
      for (int64_t row = 0, i = 0; row < m; row += height, i++) {
        const auto micro = shared_micro<T>(int(min64(height, m - row)), width, packed_keys > 0);
        const T* const left = packed_keys > 0 ? a + i * packed_keys * Tile<T>::packed_rows : a + row * a_stride;
        T* const to = c + row * c_stride + col;
        micro(k, left, a_stride, from, b.stride, to, c_stride, {add ? to : nullptr, c_stride});
      }
    }
  }
  // Right operands: what lies in rows of a block's queries, and what was packed by pack_rows.
  static Operand by_key(const T* data) { return {data, block, panel}; }
  static Operand by_query(const T* data) { return {data, panel, block * panel}; }

  void begin_head(const Head<T>& head) const {
    copy_rows(head.matrices[kKey], job.keys, job.width, key_rows);
    if (!backward) {
      pack_columns(head.matrices[kValue], job.value_width, value_columns);
      return;
    }
    copy_rows(head.matrices[kValue], job.keys, job.value_width, value_rows);
    if (head.matrices[kGradQuery].data) pack_columns(head.matrices[kKey], job.width, key_columns);
    memset(key_sums, 0, size_t(job.keys * round_up(job.width, lanes)) * sizeof(T));
    memset(value_sums, 0, size_t(job.keys * round_up(job.value_width, lanes)) * sizeof(T));
  }
  void end_head(const Head<T>& head) const {
    if (const Matrix<T> to = head.matrices[kGradKey]; to.data)
      store_rows(key_sums, round_up(job.width, lanes), job.keys, job.width, to);
    if (const Matrix<T> to = head.matrices[kGradValue]; to.data)
      store_rows(value_sums, round_up(job.value_width, lanes), job.keys, job.value_width, to);
  }

  // The scores of queries begin.., with the mask: -inf where a query may not attend to a key.
  void find_scores(const Head<T>& head, int64_t begin, int64_t count, int64_t keys) const {
    turn_rows(head.matrices[kQuery], begin, count, job.width, query_columns);
    const V<T> scale = broadcast(T(job.scale));
    for (int64_t i = 0; i < job.width * block; i += lanes) store(query_columns + i, load(query_columns + i) * scale);
    product(keys, round_up(count, lanes), job.width, key_rows, job.width, 0, by_key(query_columns), scores, block, false);
    if (const Matrix<T> m = head.matrices[kMask]; m.data) {
      pack_panel<T, T>(m.at(begin, 0), m.row_stride, m.col_stride, count, keys, mask, block);
      for (int64_t key = 0; key < keys; key++)
        for (int64_t i = key * block; i < key * block + count; i += lanes) store(scores + i, load(scores + i) + load(mask + i));
    }
    if (job.causal)
      for (int64_t key = begin + 1; key < keys; key++)
        for (int64_t i = 0; i < key - begin; i++) scores[key * block + i] = -T(__builtin_inff());
  }

  // Calls f(register of a, register of b) for a column of registers; it gives what becomes of a's.
  template <bool kSecond, class F>
  __attribute__((always_inline)) static void down(T* a, const T* b, int64_t keys, F f) {
    for (int64_t key = 0; key < keys; key++, a += block, b += kSecond ? block : 0) store(a, f(load(a), kSecond ? load(b) : V<T>{}));
  }

  // Combines what of(key) gives for all keys, four at a time: one after the other each would wait for the one before.
  template <class F, class G>
  __attribute__((always_inline)) static V<T> fold(int64_t keys, V<T> start, F combine, G of) {
    V<T> parts[4] = {start, start, start, start};
    int64_t key = 0;
    for (; key + 4 <= keys; key += 4)
      for (int i = 0; i < 4; i++) parts[i] = combine(parts[i], of(key + i));
    for (; key < keys; key++) parts[0] = combine(parts[0], of(key));
    return combine(combine(parts[0], parts[1]), combine(parts[2], parts[3]));
  }

  void forward(const Head<T>& head, int64_t begin, int64_t end) const {
    const int64_t count = end - begin, keys = head.keys_for(end);
    find_scores(head, begin, count, keys);
    T sums[block];
    for (int64_t column = 0; column < count; column += lanes) {
      T* const from = scores + column;
      const V<T> lowest = broadcast(-T(__builtin_inff()));
      const auto peak_of = [](V<T> a, V<T> b) { return larger(a, b); };
      const V<T> peaks = fold(keys, lowest, peak_of, [&](int64_t key) { return load(from + key * block); });
      const V<T> shifts = peaks == lowest ? V<T>{} : peaks;
      V<T> sum = {};
      down<false>(from, from, keys, [&](V<T> x, V<T>) {
        const V<T> e = vector_exp(x - shifts);
        sum += e;
        return e;
      });
      store(sums + column, sum);
      for (int64_t i = column; i < min64(column + lanes, count); i++)
        head.log_sums[begin + i] =
            sums[i] == 0 ? T(__builtin_inff()) : shifts[i - column] + T(log_of(double(sums[i])));
    }
    const int64_t width = job.value_width;
    product(width, round_up(count, lanes), keys, value_columns, 0, job.keys, by_key(scores), turned, block, false);
    for (int64_t column = 0; column < count; column += lanes) {
      const V<T> sum = load(sums + column), factor = 1 / sum;
      down<false>(turned + column, turned, width, [&](V<T> x, V<T>) { return sum == 0 ? V<T>{} : x * factor; });
    }
    store_turned(head.matrices[kOut], begin, count, width);
  }

  void store_turned(Matrix<T> to, int64_t begin, int64_t count, int64_t width) const {
    const int64_t stride = round_up(width, lanes);
    pack_panel<T, T>(turned, block, 1, width, round_up(count, lanes), rows, stride);
    store_rows(rows, stride, count, width, {to.at(begin, 0), to.row_stride, to.col_stride});
  }

  void differentiate(const Head<T>& head, int64_t begin, int64_t end) const {
    const int64_t count = end - begin, columns = round_up(count, lanes), keys = head.keys_for(end);
    find_scores(head, begin, count, keys);
    T log_sums[block] = {};
    memcpy(log_sums, head.log_sums + begin, size_t(count) * sizeof(T));
    for (int64_t column = 0; column < count; column += lanes) {
      const V<T> log_sum = load(log_sums + column);
      down<false>(scores + column, scores, keys, [&](V<T> x, V<T>) { return vector_exp(x - log_sum); });
    }
    const Matrix<T> grad = head.matrices[kGrad];
    if (head.matrices[kGradValue].data) {
      pack_rows(grad, begin, count, job.value_width, grad_rows);
      const int64_t n = round_up(job.value_width, lanes);
      product(keys, n, count, scores, block, 0, by_query(grad_rows), value_sums, n, true);
    }
    const Matrix<T> grad_query = head.matrices[kGradQuery];
    const bool wants_key = head.matrices[kGradKey].data != nullptr;
    if (!grad_query.data && !wants_key) return;

    turn_rows(grad, begin, count, job.value_width, grad_columns);
    product(keys, columns, job.value_width, value_rows, job.value_width, 0, by_key(grad_columns), slopes, block, false);
    const V<T> scale = broadcast(T(job.scale));
    for (int64_t column = 0; column < count; column += lanes) {
      T *const slope = slopes + column, *const weight = scores + column;
      const V<T> sum = fold(keys, V<T>{}, [](V<T> a, V<T> b) { return a + b; }, [&](int64_t key) {
        return load(slope + key * block) * load(weight + key * block);
      });
      down<true>(slope, weight, keys, [&](V<T> g, V<T> w) { return w * (g - sum) * scale; });
    }
    if (wants_key) {
      pack_rows(head.matrices[kQuery], begin, count, job.width, query_rows);
      const int64_t n = round_up(job.width, lanes);
      product(keys, n, count, slopes, block, 0, by_query(query_rows), key_sums, n, true);
    }
    if (grad_query.data) {
      product(job.width, columns, keys, key_columns, 0, job.keys, by_key(slopes), turned, block, false);
      store_turned(grad_query, begin, count, job.width);
    }
  }
};

}  // namespace
}  // namespace TT_NS
