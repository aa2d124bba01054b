// Attention, softmax(scale · Q @ Kᵀ + mask) @ V, and its derivative. The scores of a block of queries fill a buffer that stays
// in the caches; all of them never exist.
//
// attention: [backward, dtype, batch dims, batch sizes[], L, S, E, Ev, scale, causal, log sums: address (contiguous, [batch, L]);
//   query, key, value, mask (address 0: none), and then
//   forward: out
//   backward: gradient of the result, gradients of query, key and value (address 0: not wanted)]
//   An operand is address, row stride, column stride, batch strides[]; float32 or float64. The mask's columns lie side by side.
//   log sums: for each query the logarithm of Σ exp(score), +inf where every key is barred; backward reads what forward wrote.
#include "../platform.h"
#include "attention_blocks.h"
#include "attention_rows.h"
#include "dtype_switch.h"

namespace TT_NS {
namespace {

constexpr int64_t worth_threads = 1 << 19;  // multiplications below which waking threads costs more than it saves
constexpr int64_t few_queries = 4;          // of which most of a register would be empty

template <class T>
T* room_for(int64_t elements) {
  return (T*)tt_scratch(TT_SCRATCH_OTHER, sizeof(T) * (size_t)max64(1, elements));
}

template <class T>
bool run_rows(const Job& job, int64_t begin, int64_t end) {
  T sums[few_queries];
  T* const scores = room_for<T>(job.queries * job.keys);
  for (int64_t batch = begin; batch < end && scores; batch++)
    if (!AttentionRows<T>{Head<T>(job, batch)}.forward(scores, sums)) return false;
  return scores;
}

// A task is one of `parts` ranges of a head's blocks.
template <class T>
bool run_blocks(const Job& job, bool backward, int64_t parts, int64_t begin, int64_t end) {
  typedef AttentionBlocks<T> Blocks;
  Blocks blocks(job, backward);
  T* const room = room_for<T>(blocks.lay_out(nullptr));
  if (!room) return false;
  blocks.lay_out(room);
  const int64_t all = divide_up(job.queries, Blocks::block);
  for (int64_t task = begin; task < end; task++) {
    const Head<T> head(job, task / parts);
    const int64_t part = task % parts;
    blocks.begin_head(head);
    // From the last to the first, on which add_to_keys relies.
    for (int64_t i = all * (part + 1) / parts - 1; i >= all * part / parts; i--) {
      const int64_t first = i * Blocks::block, last = min64(first + Blocks::block, job.queries);
      if (backward)
        blocks.differentiate(head, first, last);
      else
        blocks.forward(head, first, last);
    }
    if (backward) blocks.end_head(head);
  }
  return true;
}

template <class T>
void run(Job& job, bool backward) {
  const bool few = !backward && job.queries <= few_queries;
  // A head's keys get their gradient from all its queries, so backward shares out whole heads, as forward does if there are
  // enough: what is prepared for a head serves all its blocks.
  const int64_t blocks = divide_up(job.queries, AttentionBlocks<T>::block);
  const int64_t parts = few || backward ? 1 : min64(blocks, divide_up(4 * tt_num_threads(), job.batches));
  const int64_t tasks = job.batches * parts;
  const int64_t work = job.batches * job.queries * job.keys * (job.width + job.value_width) / tasks;
  parallel(tasks, max64(1, worth_threads / max64(1, work)), [&](int64_t begin, int64_t end, int) {
    const bool done = few ? run_rows<T>(job, begin, end) : run_blocks<T>(job, backward, parts, begin, end);
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
