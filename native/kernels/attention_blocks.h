// Attention of many queries, in blocks of so few that their scores stay in the first cache.
//
// A block's scores lie with a row for each key and a column for each query: what softmax adds up and compares then lies in
// different registers and never within one, and the scores are, as they lie, the left operand of every product that follows:
// their rows where it runs over the queries, and their columns, as a packed panel has them, where it runs over the keys.
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

  const Job& job;
  const bool backward;
  // Rows whose elements lie side by side.
  struct Rows {
    T* data;
    int64_t stride;
    Rows from(int64_t row) const { return {data + row * stride, stride}; }
  };
  // Of a head: keys and values, and where their gradients are put.
  Rows key_rows = {}, value_rows = {}, key_grads = {}, value_grads = {};
  // Room for copies of the first two, and for sums that are to become gradients.
  T *key_room, *value_room, *key_sums, *value_sums;
  // Of a block: queries (scaled) and gradients of the result as columns, room for both as rows, and for what queries get.
  T *query_columns, *grad_columns, *query_room, *grad_room, *turned, *result_room;
  T *scores, *slopes, *mask;

  AttentionBlocks(const Job& job, bool backward) : job(job), backward(backward) {}

  // Lays all out one after the other from `at` on; gives how many elements that takes.
  int64_t lay_out(T* at) {
    T* const begin = at;
    const auto take = [&](T*& place, bool wanted, int64_t n) {
      place = at;
      if (wanted) at += round_up(n, 64 / int64_t(sizeof(T)));
    };
    const int64_t keys = job.keys, e = round_up(job.width, lanes), ev = round_up(job.value_width, lanes);
    take(key_room, true, keys * e);
    take(value_room, true, keys * ev);
    take(key_sums, backward, keys * e);
    take(value_sums, backward, keys * ev);
    take(query_columns, true, job.width * block);
    take(grad_columns, backward, job.value_width * block);
    take(query_room, backward, e * block);
    take(grad_room, backward, ev * block);
    take(result_room, true, max64(e, ev) * block);
    take(scores, true, keys * block);
    take(slopes, backward, keys * block);
    take(mask, job.operands[kMask].address != 0, keys * block);
    take(turned, true, max64(job.width, job.value_width) * block);
    return at - begin;
  }

  // How often rows are read where they lie. They mostly lie far apart, as those of heads side by side do, so that they fall into few
  // of a cache's sets: copies pay in the long run.
  static constexpr int64_t few_readings = 20;

  // A matrix's rows as an operand, where they lie or copied. On the right they meet `others` rows, a panel at a time; for that copies
  // are filled up with zeros to whole registers. Those that are `left` can do without.
  static Rows rows_of(Matrix<T> from, int64_t count, int64_t width, bool left, int64_t others, T* room) {
    const int64_t stride = round_up(width, lanes);
    const bool usable = from.col_stride == 1 && (left || width == stride);
    if (usable && (from.row_stride == width || others <= few_readings * Tile<T>::rows)) return {from.data, from.row_stride};
    T* to = room;
    for (int64_t i = 0; i < count; i++, to += stride) {
      if (from.col_stride == 1)
        memcpy(to, from.at(i, 0), size_t(width) * sizeof(T));
      else
        for (int64_t j = 0; j < width; j++) to[j] = *from.at(i, j);
      for (int64_t j = width; j < stride; j++) to[j] = 0;
    }
    return {room, stride};
  }
  // Where to compute a matrix's rows: in their place if whole registers fit there, else in `room`, where put_rows fetches them.
  static Rows rows_for(Matrix<T> to, int64_t width, T* room) {
    if (!to.data || (to.col_stride == 1 && width % lanes == 0)) return {to.data, to.row_stride};
    return {room, round_up(width, lanes)};
  }
  static void put_rows(Rows from, int64_t count, int64_t width, Matrix<T> to) {
    if (from.data == to.data) return;
    for (int64_t i = 0; i < count; i++) {
      const T* const row = from.from(i).data;
      if (to.col_stride == 1)
        memcpy(to.at(i, 0), row, size_t(width) * sizeof(T));
      else
        for (int64_t j = 0; j < width; j++) *to.at(i, j) = row[j];
    }
  }
  static void clear_rows(Rows rows, int64_t begin, int64_t end, int64_t width) {
    for (int64_t i = begin; i < end; i++)
      for (int64_t j = 0; j < width; j += lanes) store(rows.data + i * rows.stride + j, V<T>{});
  }
  static Matrix<T> rows_from(Matrix<T> matrix, int64_t begin) {
    return {matrix.at(begin, 0), matrix.row_stride, matrix.col_stride};
  }
  // Rows of queries as right operand, turned: [width][block]. Past the last query are zeros.
  static void turn_rows(Matrix<T> from, int64_t count, int64_t width, T* to) {
    if (count < block) memset(to, 0, size_t(width * block) * sizeof(T));
    pack_panel<T, T>(from.data, from.row_stride, from.col_stride, count, width, to, block);
    for (int64_t i = count; i < round_up(count, lanes); i++)
      for (int64_t p = 0; p < width; p++) to[p * block + i] = 0;
  }

  // A left operand: rows, or the columns of rows.
  struct Left {
    const T* data;
    int64_t stride;
    bool turned;
    Left from(int64_t row) const { return {data + row * (turned ? 1 : stride), stride, turned}; }
  };
  static Left as_rows(Rows rows) { return {rows.data, rows.stride, false}; }
  static Left as_columns(Rows rows) { return {rows.data, rows.stride, true}; }
  static Rows by_key(T* data) { return {data, block}; }

  // c (m, n) = a (m, k) @ b (k, n) + addend, if that is not null; n is rounded up to whole registers.
  static void product(int64_t m, int64_t n, int64_t k, Left a, Rows b, Rows c, Rows addend = {}) {
    if (m == 0) return;
    // Panels of almost equal height, the higher ones first.
    const int64_t panels = divide_up(m, Tile<T>::rows), least = m / panels, higher = m % panels;
    for (int64_t col = 0; col < n; col += panel) {
      const int vectors = int(min64(panel, round_up(n - col, lanes)) / lanes);
      for (int64_t i = 0, row = 0; i < panels; i++) {
        const int64_t rows = least + (i < higher);
        const auto micro = shared_micro<T>(int(rows), vectors, a.turned);
        micro(k, a.from(row).data, a.stride, b.data + col, b.stride, c.from(row).data + col, c.stride,
              {addend.data ? addend.from(row).data + col : nullptr, addend.stride});
        row += rows;
      }
    }
  }

  void begin_head(const Head<T>& head) {
    key_rows = rows_of(head.matrices[kKey], job.keys, job.width, true, job.queries, key_room);
    value_rows = rows_of(head.matrices[kValue], job.keys, job.value_width, true, job.queries, value_room);
    if (!backward) return;
    key_grads = rows_for(head.matrices[kGradKey], job.width, key_sums);
    value_grads = rows_for(head.matrices[kGradValue], job.value_width, value_sums);
    const int64_t met = head.keys_for(job.queries);
    if (key_grads.data) clear_rows(key_grads, met, job.keys, job.width);
    if (value_grads.data) clear_rows(value_grads, met, job.keys, job.value_width);
  }
  void end_head(const Head<T>& head) const {
    if (key_grads.data) put_rows(key_grads, job.keys, job.width, head.matrices[kGradKey]);
    if (value_grads.data) put_rows(value_grads, job.keys, job.value_width, head.matrices[kGradValue]);
  }

  // Adds what keys or values get from a block's queries, weights (keys met, queries) @ rows, to their gradients. Blocks come from
  // the last to the first. So the first to come meets the most keys, and for keys that no other will meet the sums are complete:
  // these go to their place.
  void add_to_keys(T* weights, Matrix<T> queries, T* room, int64_t begin, int64_t end, int64_t met, int64_t width, T* sums,
                   Rows grads) const {
    const int64_t count = end - begin, open = job.causal ? min64(begin, met) : begin > 0 ? met : 0;
    const Rows rows = rows_of(rows_from(queries, begin), count, width, false, met, room);
    const Rows so_far = {sums, round_up(width, lanes)}, addend = end < job.queries ? so_far : Rows{};
    const Left a = as_rows(by_key(weights));
    product(open, width, count, a, rows, so_far, addend);
    product(met - open, width, count, a.from(open), rows, grads.from(open), addend.from(open));
  }

  // What queries get from keys or values: weights (keys met, queries) turned @ rows. Gives where it is; put_rows is still to be called.
  Rows gather(T* weights, Rows rows, int64_t count, int64_t met, int64_t width, Matrix<T> to) const {
    const Rows results = rows_for(to, width, result_room);
    if (width % lanes == 0) {
      product(count, width, met, as_columns(by_key(weights)), rows, results);
    } else {
      // A partly filled register takes as long as a full one: better have rows of queries.
      product(width, count, met, as_columns(rows), by_key(weights), by_key(turned));
      pack_panel<T, T>(turned, block, 1, width, round_up(count, lanes), results.data, results.stride);
    }
    return results;
  }

  // The scores of queries begin.., with the mask: -inf where a query may not attend to a key.
  void find_scores(const Head<T>& head, int64_t begin, int64_t count, int64_t keys) const {
    turn_rows(rows_from(head.matrices[kQuery], begin), count, job.width, query_columns);
    const V<T> scale = broadcast(T(job.scale));
    for (int64_t i = 0; i < job.width * block; i += lanes) store(query_columns + i, load(query_columns + i) * scale);
    product(keys, count, job.width, as_rows(key_rows), by_key(query_columns), by_key(scores));
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
    const Matrix<T> to = rows_from(head.matrices[kOut], begin);
    const Rows results = gather(scores, value_rows, count, keys, width, to);
    for (int64_t i = 0; i < count; i++) {
      T* const row = results.data + i * results.stride;
      const V<T> factor = broadcast(1 / sums[i]);
      for (int64_t j = 0; j < width; j += lanes) store(row + j, sums[i] == 0 ? V<T>{} : load(row + j) * factor);
    }
    put_rows(results, count, width, to);
  }

  void differentiate(const Head<T>& head, int64_t begin, int64_t end) const {
    const int64_t count = end - begin, keys = head.keys_for(end);
    find_scores(head, begin, count, keys);
    T log_sums[block] = {};
    memcpy(log_sums, head.log_sums + begin, size_t(count) * sizeof(T));
    for (int64_t column = 0; column < count; column += lanes) {
      const V<T> log_sum = load(log_sums + column);
      down<false>(scores + column, scores, keys, [&](V<T> x, V<T>) { return vector_exp(x - log_sum); });
    }
    const Matrix<T> grad = head.matrices[kGrad];
    if (value_grads.data)
      add_to_keys(scores, grad, grad_room, begin, end, keys, job.value_width, value_sums, value_grads);
    const Matrix<T> grad_query = head.matrices[kGradQuery];
    if (!grad_query.data && !key_grads.data) return;

    turn_rows(rows_from(grad, begin), count, job.value_width, grad_columns);
    product(keys, count, job.value_width, as_rows(value_rows), by_key(grad_columns), by_key(slopes));
    const V<T> scale = broadcast(T(job.scale));
    for (int64_t column = 0; column < count; column += lanes) {
      T *const slope = slopes + column, *const weight = scores + column;
      const V<T> sum = fold(keys, V<T>{}, [](V<T> a, V<T> b) { return a + b; }, [&](int64_t key) {
        return load(slope + key * block) * load(weight + key * block);
      });
      down<true>(slope, weight, keys, [&](V<T> g, V<T> w) { return w * (g - sum) * scale; });
    }
    if (key_grads.data)
      add_to_keys(slopes, head.matrices[kQuery], query_room, begin, end, keys, job.width, key_sums, key_grads);
    if (grad_query.data) {
      const Matrix<T> to = rows_from(grad_query, begin);
      put_rows(gather(slopes, key_rows, count, keys, job.width, to), count, job.width, to);
    }
  }
};

}  // namespace
}  // namespace TT_NS
