// Attention, softmax(scale · Q @ Kᵀ + mask) @ V, and its derivative. The scores of a block of queries fill a buffer that stays
// in the second cache; all of them never exist.
//
// attention: [backward, dtype, batch dims, batch sizes[], L, S, E, Ev, scale, causal, log sums: address (contiguous, [batch, L]);
//   query, key, value, mask (address 0: none), and then
//   forward: out
//   backward: gradient of the result, gradients of query, key and value (address 0: not wanted)]
//   An operand is address, row stride, column stride, batch strides[]; float32 or float64. The mask's columns lie side by side.
//   log sums: for each query the logarithm of Σ exp(score), +inf where every key is barred; backward reads what forward wrote.
#include "../platform.h"
#include "dtype_switch.h"
#include "matmul.h"
#include "row_registers.h"
#include "scalar_math.h"
#include "vector_exp.h"

namespace TT_NS {
namespace {

constexpr int64_t block_rows = 64;            // queries a block, about
constexpr int64_t worth_threads = 1 << 19;    // multiplications below which waking threads costs more than it saves

enum Place { kQuery, kKey, kValue, kMask, kOut, kGrad = kOut, kGradQuery, kGradKey, kGradValue, kPlaces };

struct Job {
  bool causal;
  int64_t batch_dims, batches, queries, keys, width, value_width;
  const double* batch_sizes;
  double scale;
  void* log_sums;
  MatrixOperand operands[kPlaces];
  bool failed;
};

TT_INLINE int32_t multiply(const Product<float, float>& product) { return TT_SYMBOL(product_float32)(&product, false); }
TT_INLINE int32_t multiply(const Product<double, double>& product) { return TT_SYMBOL(product_float64)(&product, false); }

// One batch's matrices.
template <class T>
struct Head {
  const Job& job;
  Matrix<T> matrices[kPlaces];
  T* log_sums;

  Head(const Job& job, int64_t batch) : job(job), log_sums((T*)job.log_sums + batch * job.queries) {
    int64_t offsets[kPlaces] = {};
    for (int64_t dim = job.batch_dims - 1; dim >= 0; dim--) {
      const int64_t size = (int64_t)job.batch_sizes[dim];
      for (int i = 0; i < kPlaces; i++)
        if (job.operands[i].address) offsets[i] += batch % size * (int64_t)job.operands[i].batch_strides[dim];
      batch /= size;
    }
    for (int i = 0; i < kPlaces; i++)
      matrices[i] = job.operands[i].address ? job.operands[i].template matrix<T>(offsets[i]) : Matrix<T>{};
  }

  Matrix<T> rows(Place place, int64_t row) const {
    const Matrix<T> all = matrices[place];
    return {all.at(row, 0), all.row_stride, all.col_stride};
  }
  // Keys that some query of a block may attend to.
  int64_t keys_for(int64_t end) const { return job.causal ? min64(job.keys, end) : job.keys; }
  // Keys that one query may attend to.
  int64_t keys_of(int64_t query, int64_t keys) const { return job.causal ? min64(keys, query + 1) : keys; }

  // c (m, n) = a (m, k) @ b (k, n), or added to what is there.
  bool product(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, Matrix<T> c, bool add = false) const {
    const Matrix<const T> was = {add ? c.data : nullptr, c.row_stride, c.col_stride};
    return multiply(Product<T, T>{m, n, k, {a.data, a.row_stride, a.col_stride}, {b.data, b.row_stride, b.col_stride}, c, was,
                                  1, T(add), false}) == TT_OK;
  }

  // What a query's scores are: scaled, and with the mask.
  void finish_scores(T* scores, int64_t query, int64_t n) const {
    const V<T> scale = broadcast(T(job.scale));
    if (const Matrix<T> mask = matrices[kMask]; mask.data)
      each_register<T, true, true>(scores, mask.at(query, 0), scores, n, T(0), [&](V<T> x, V<T> m) { return x * scale + m; });
    else
      each_register<T, true, false>(scores, scores, scores, n, T(0), [&](V<T> x, V<T>) { return x * scale; });
  }

  // Scores become weights that are still to be divided by their sum, which it gives: 0 where every key is barred.
  T exponentials(T* scores, int64_t query, int64_t n) const {
    const T lowest = -T(__builtin_inff());
    finish_scores(scores, query, n);
    V<T> peaks = broadcast(lowest);
    each_register<T, false, false>(scores, scores, scores, n, lowest, [&](V<T> x, V<T>) {
      peaks = x > peaks ? x : peaks;
      return x;
    });
    const T peak = lane_max<T>(peaks), shift = peak == lowest ? T(0) : peak;
    const V<T> shifts = broadcast(shift);
    V<T> sums = {};
    each_register<T, true, false>(scores, scores, scores, n, lowest, [&](V<T> x, V<T>) {
      const V<T> e = vector_exp(x - shifts);
      sums += e;
      return e;
    });
    const T sum = lane_sum<T>(sums);
    log_sums[query] = sum == 0 ? T(__builtin_inff()) : shift + T(log_of(double(sum)));
    return sum;
  }

  bool forward(int64_t begin, int64_t end, T* scores) const {
    const int64_t count = end - begin, keys = keys_for(end);
    T sums[2 * block_rows];
    if (!product(count, keys, job.width, rows(kQuery, begin), matrices[kKey].transposed(), {scores, keys, 1})) return false;
    for (int64_t i = 0; i < count; i++) {
      T* const row = scores + i * keys;
      const int64_t n = keys_of(begin + i, keys);
      sums[i] = exponentials(row, begin + i, n);
      for (int64_t j = n; j < keys; j++) row[j] = 0;
    }
    const Matrix<T> out = rows(kOut, begin);
    if (!product(count, job.value_width, keys, {scores, keys, 1}, matrices[kValue], out)) return false;
    for (int64_t i = 0; i < count; i++) {
      const T factor = 1 / sums[i];
      for (int64_t j = 0; j < job.value_width; j++) {
        T* const x = out.at(i, j);
        *x = sums[i] == 0 ? T(0) : *x * factor;
      }
    }
    return true;
  }

  bool backward(int64_t begin, int64_t end, T* weights, T* slopes) const {
    const int64_t count = end - begin, keys = keys_for(end);
    const Matrix<T> query = rows(kQuery, begin), grad = rows(kGrad, begin);
    const Matrix<T> p = {weights, keys, 1}, ds = {slopes, keys, 1};
    if (!product(count, keys, job.width, query, matrices[kKey].transposed(), p)) return false;
    for (int64_t i = 0; i < count; i++) {
      T* const row = weights + i * keys;
      const int64_t n = keys_of(begin + i, keys);
      finish_scores(row, begin + i, n);
      const V<T> log_sum = broadcast(log_sums[begin + i]);
      each_register<T, true, false>(row, row, row, n, T(0), [&](V<T> x, V<T>) { return vector_exp(x - log_sum); });
      for (int64_t j = n; j < keys; j++) row[j] = 0;
    }
    const Matrix<T> grad_query = matrices[kGradQuery], grad_key = matrices[kGradKey], grad_value = matrices[kGradValue];
    if (grad_value.data && !product(keys, job.value_width, count, p.transposed(), grad, grad_value, true)) return false;
    if (!grad_query.data && !grad_key.data) return true;

    if (!product(count, keys, job.value_width, grad, matrices[kValue].transposed(), ds)) return false;
    const V<T> scale = broadcast(T(job.scale));
    for (int64_t i = 0; i < count; i++) {
      T *const row = slopes + i * keys, *const weight = weights + i * keys;
      V<T> sums = {};
      each_register<T, false, true>(row, weight, row, keys, T(0), [&](V<T> g, V<T> w) {
        sums += g * w;
        return g;
      });
      const V<T> sum = broadcast(lane_sum<T>(sums));
      each_register<T, true, true>(row, weight, row, keys, T(0), [&](V<T> g, V<T> w) { return w * (g - sum) * scale; });
    }
    if (grad_query.data && !product(count, job.width, keys, ds, matrices[kKey], rows(kGradQuery, begin))) return false;
    return !grad_key.data || product(keys, job.width, count, ds.transposed(), query, grad_key, true);
  }
};

template <class T>
void clear(Matrix<T> matrix, int64_t rows, int64_t cols) {
  if (!matrix.data) return;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) *matrix.at(i, j) = 0;
}

template <class T>
void run(Job& job, bool backward) {
  const int64_t blocks = divide_up(job.queries, block_rows), rows = divide_up(job.queries, blocks);
  // A head's keys get their gradient from all its queries, so backward shares out whole heads.
  const int64_t tasks = backward ? job.batches : job.batches * blocks;
  const int64_t work = job.batches * job.queries * job.keys * (job.width + job.value_width) / tasks;
  parallel(tasks, max64(1, worth_threads / max64(1, work)), [&](int64_t begin, int64_t end, int) {
    const int64_t scores = rows * job.keys;
    T* const buffer = (T*)tt_scratch(TT_SCRATCH_OTHER, sizeof(T) * (size_t)max64(1, scores * (backward ? 2 : 1)));
    bool done = buffer != nullptr;
    for (int64_t task = begin; task < end && done; task++) {
      if (!backward) {
        const int64_t first = task % blocks * rows;
        done = Head<T>(job, task / blocks).forward(first, min64(first + rows, job.queries), buffer);
        continue;
      }
      const Head<T> head(job, task);
      clear(head.matrices[kGradKey], job.keys, job.width);
      clear(head.matrices[kGradValue], job.keys, job.value_width);
      for (int64_t first = 0; first < job.queries && done; first += rows)
        done = head.backward(first, min64(first + rows, job.queries), buffer, buffer + scores);
    }
    if (!done) __atomic_store_n(&job.failed, true, __ATOMIC_RELAXED);
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(attention) {
  ArgReader reader{args};
  Job job = {};
  const bool backward = reader.integer() != 0;
  const int dtype = (int)reader.integer();
  job.batch_dims = reader.integer();
  job.batch_sizes = reader.array(job.batch_dims);
  job.batches = 1;
  for (int64_t i = 0; i < job.batch_dims; i++) job.batches *= (int64_t)job.batch_sizes[i];
  job.queries = reader.integer();
  job.keys = reader.integer();
  job.width = reader.integer();
  job.value_width = reader.integer();
  job.scale = reader.number();
  job.causal = reader.integer() != 0;
  job.log_sums = reader.address<void>();
  const int places = backward ? kPlaces : kOut + 1;
  for (int i = 0; i < places; i++) job.operands[i] = MatrixOperand::read(reader, job.batch_dims);
  if (job.batches == 0 || job.queries == 0 || job.keys == 0) return TT_OK;
  if (dtype == TT_FLOAT32)
    run<float>(job, backward);
  else if (dtype == TT_FLOAT64)
    run<double>(job, backward);
  else
    return TT_UNSUPPORTED_DTYPE;
  return job.failed ? TT_OUT_OF_MEMORY : TT_OK;
}
