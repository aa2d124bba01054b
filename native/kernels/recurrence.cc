// recurrence: runs a few actions, programs and matrix products, over all time steps of a recurrent layer.
//
// A sequence is a row of each step's operands, and no row depends on another. So the threads share out the sequences, and each
// takes its own through all steps: nobody waits for anybody within the call, and states stay in the cache of one core. Where there
// are too few sequences for that, the threads share each action. The products' right sides are packed once for all steps.
//
// Arguments: sequences, steps, actions; for each action 0, program, outputs, inputs, columns, operands (outputs first), or
//   1, dtype, columns n, depth k, a (operand), b: address, row stride, column stride, c (operand), what c starts from (0: nothing, 1: c
//   itself, 2: a row), the row's address; for each step its first row and its number of rows, at most `sequences`.
// An operand is address, dtype, row stride in elements, whether a step takes the rows from its first on (1) or those from 0 on (0).
#include <string.h>

#include "../args.h"
#include "../platform.h"
#include "../threads.h"
#include "gemm_pack.h"
#include "gemm_shared.h"
#include "matmul.h"
#include "tile.h"

TT_ENTRY(matmul);
TT_ENTRY(pointwise);

namespace TT_NS {
namespace {

constexpr int max_actions = 8;
constexpr int64_t worth_threads = 1 << 17;  // multiplications below which waking threads costs more than it saves
constexpr int64_t worth_sharing = 1 << 19;  // the same for one step
constexpr int64_t worth_packing = 8;        // rows in all, from which on packing pays
constexpr int64_t scratch_bytes = 16 << 20;
constexpr int operand_slots = 4;

enum Start : int64_t { kNothing, kItself, kRow };

struct Rows {
  char* data;
  int64_t dtype, stride, bytes;  // stride in elements, bytes of a row
  bool moves;

  static Rows read(ArgReader& args) {
    Rows rows;
    rows.data = args.address<char>();
    rows.dtype = args.integer();
    rows.stride = args.integer();
    rows.moves = args.integer() != 0;
    const int64_t item = rows.dtype == TT_FLOAT64 ? 8 : rows.dtype == TT_FLOAT32 ? 4 : 2;
    rows.bytes = rows.stride * item;
    return rows;
  }

  char* at(int64_t first, int64_t row) const { return data + ((moves ? first : 0) + row) * bytes; }
};

struct Step {
  int64_t first, rows;
};

struct ProgramAction {
  const tt_program* program;
  int64_t outputs, inputs, columns;
  Rows operands[TT_MAX_OPERANDS];

  // `rows` rows of a step, from row `begin` on.
  int32_t run(Step step, int64_t begin, int64_t rows) const {
    double args[7 + TT_MAX_OPERANDS * operand_slots];
    const double head[] = {(double)(uintptr_t)program, (double)outputs, (double)inputs, 2, 0, (double)rows, (double)columns};
    memcpy(args, head, sizeof(head));
    double* at = args + 7;
    for (int64_t k = 0; k < outputs + inputs; k++, at += operand_slots) {
      at[0] = (double)(uintptr_t)operands[k].at(step.first, begin);
      at[1] = (double)operands[k].dtype;
      at[2] = (double)operands[k].stride;
      at[3] = 1;
    }
    return TT_SYMBOL(pointwise)(args);
  }
};

struct ProductAction {
  int64_t dtype, n, k;
  Rows a, c;
  char* b;
  int64_t b_row_stride, b_col_stride;
  int64_t start;
  char* row;
  void* packed;  // b in panels of a tile's columns, or null

  bool can_pack() const { return dtype == TT_FLOAT32 || dtype == TT_FLOAT64; }

  template <class T>
  int64_t panels() const { return divide_up(n, Tile<T>::cols); }

  template <class T>
  int64_t packed_bytes() const { return (int64_t)sizeof(T) * k * round_up(n, Tile<T>::cols); }

  template <class T>
  void pack(int64_t begin, int64_t end) const {
    for (int64_t panel = begin; panel < end; panel++) {
      const int64_t col = panel * Tile<T>::cols, cols = min64(Tile<T>::cols, n - col);
      pack_panel<T, T>((const T*)b + col * b_col_stride, b_col_stride, b_row_stride, cols, k, (T*)packed + col * k,
                       round_up(cols, Tile<T>::lanes));
    }
  }

  // The columns of some panels, with a packed b.
  template <class T>
  void multiply(Step step, int64_t begin, int64_t rows, int64_t first_panel, int64_t last_panel) const {
    const int64_t row_panels = divide_up(rows, Tile<T>::rows), height = divide_up(rows, row_panels);
    const T* const from = (const T*)a.at(step.first, begin);
    T* const to = (T*)c.at(step.first, begin);
    for (int64_t panel = first_panel; panel < last_panel; panel++) {
      const int64_t col = panel * Tile<T>::cols, cols = min64(Tile<T>::cols, n - col), width = round_up(cols, Tile<T>::lanes);
      const T* const right = (const T*)packed + col * k;
      for (int64_t i = 0; i < rows; i += height) {
        const int64_t count = min64(height, rows - i);
        T* const out = to + i * c.stride + col;
        const Addend<T> addend = start == kRow      ? Addend<T>{(const T*)row + col, 0}
                                 : start == kNothing ? Addend<T>{}
                                                     : Addend<T>{out, c.stride};
        const MicroKernel<T> micro = shared_micro<T>((int)count, (int)(width / Tile<T>::lanes), false);
        if (cols == width) {
          micro(k, from + i * a.stride, a.stride, right, width, out, c.stride, addend);
          continue;
        }
        T sums[Tile<T>::rows * Tile<T>::cols];
        micro(k, from + i * a.stride, a.stride, right, width, sums, width, {});
        for (int64_t r = 0; r < count; r++)
          for (int64_t j = 0; j < cols; j++) {
            const T sum = sums[r * width + j];
            out[r * c.stride + j] = addend.data ? addend.data[r * addend.row_stride + j] + sum : sum;
          }
      }
    }
  }

  // Without packing, and for the half types, which are rounded once.
  int32_t multiply_any(Step step, int64_t begin, int64_t rows) const {
    double args[] = {(double)dtype, (double)rows, (double)n, (double)k, 0,
                     (double)(uintptr_t)a.at(step.first, begin), (double)a.stride, 1,
                     (double)(uintptr_t)b, (double)b_row_stride, (double)b_col_stride,
                     (double)(uintptr_t)c.at(step.first, begin), (double)c.stride, 1,
                     start == kNothing ? 0.0 : 1.0, 1, 1,
                     start == kRow ? (double)(uintptr_t)row : (double)(uintptr_t)c.at(step.first, begin),
                     start == kRow ? 0.0 : (double)c.stride, 1};
    return TT_SYMBOL(matmul)(args);
  }

  int32_t run(Step step, int64_t begin, int64_t rows) const {
    if (!packed) return multiply_any(step, begin, rows);
    if (dtype == TT_FLOAT32)
      multiply<float>(step, begin, rows, 0, panels<float>());
    else
      multiply<double>(step, begin, rows, 0, panels<double>());
    return TT_OK;
  }
};

struct Action {
  bool is_product;
  ProgramAction program;
  ProductAction product;
};

struct Job {
  int64_t sequences, step_count, action_count;
  Action actions[max_actions];
  const double* steps;
  int32_t status;

  Step step(int64_t i) const { return {(int64_t)steps[2 * i], (int64_t)steps[2 * i + 1]}; }

  void fail(int32_t with) {
    if (with != TT_OK) __atomic_store_n(&status, with, __ATOMIC_RELAXED);
  }

  // Sequences begin..end through all steps.
  void run_sequences(int64_t begin, int64_t end) {
    for (int64_t s = 0; s < step_count && status == TT_OK; s++) {
      const Step now = step(s);
      const int64_t rows = min64(now.rows, end) - begin;
      for (int64_t i = 0; i < action_count && rows > 0; i++) {
        const Action& action = actions[i];
        fail(action.is_product ? action.product.run(now, begin, rows) : action.program.run(now, begin, rows));
      }
    }
  }

  template <class T>
  static void share(const ProductAction& product, Step step) {
    parallel_panels(product.panels<T>(), max64(1, worth_threads / max64(1, step.rows * product.k * Tile<T>::cols)),
                    [&](int64_t begin, int64_t end) { product.multiply<T>(step, 0, step.rows, begin, end); });
  }

  template <class F>
  static void parallel_panels(int64_t n, int64_t grain, F f) {
    tt_parallel_for(
        n, grain, [](void* context, int64_t begin, int64_t end, int) { (*(F*)context)(begin, end); }, &f);
  }

  // All sequences together, the threads sharing each action.
  void run_steps() {
    for (int64_t s = 0; s < step_count && status == TT_OK; s++) {
      const Step now = step(s);
      if (now.rows == 0) continue;
      for (int64_t i = 0; i < action_count; i++) {
        const Action& action = actions[i];
        if (!action.is_product)
          fail(action.program.run(now, 0, now.rows));
        else if (!action.product.packed)
          fail(action.product.multiply_any(now, 0, now.rows));
        else if (action.product.dtype == TT_FLOAT32)
          share<float>(action.product, now);
        else
          share<double>(action.product, now);
      }
    }
  }

  void run() {
    int64_t rows = 0, depth = 0;  // multiplications a row
    for (int64_t s = 0; s < step_count; s++) rows += step(s).rows;
    for (int64_t i = 0; i < action_count; i++)
      if (actions[i].is_product) depth += actions[i].product.n * actions[i].product.k;
    const int64_t threads = tt_num_threads();
    if (rows * depth < worth_threads || threads == 1) return run_sequences(0, sequences);
    if (sequences < 4 * threads && sequences * depth >= worth_sharing) return run_steps();
    // As many pieces for each thread, of as many rows as tiles of a product have.
    const int64_t pieces = threads * divide_up(sequences, threads * Tile<float>::rows);
    parallel_panels(sequences, divide_up(sequences, pieces), [&](int64_t begin, int64_t end) { run_sequences(begin, end); });
  }
};

// Packs the right sides of all products, if there is memory and if it pays.
struct Packing {
  void* own = nullptr;

  explicit Packing(Job& job) {
    int64_t rows = 0, bytes = 0;
    for (int64_t s = 0; s < job.step_count; s++) rows += job.step(s).rows;
    if (rows < worth_packing) return;
    for (int64_t i = 0; i < job.action_count; i++) bytes += bytes_of(job.actions[i]);
    if (bytes == 0) return;
    if (bytes > scratch_bytes) own = tt_alloc((size_t)bytes);
    char* to = (char*)(bytes > scratch_bytes ? own : tt_scratch(TT_SCRATCH_OTHER, (size_t)bytes));
    for (int64_t i = 0; i < job.action_count && to; i++) {
      ProductAction& product = job.actions[i].product;
      if (bytes_of(job.actions[i]) == 0) continue;
      product.packed = to;
      to += bytes_of(job.actions[i]);
      if (product.dtype == TT_FLOAT32)
        pack<float>(product);
      else
        pack<double>(product);
    }
  }
  ~Packing() { tt_free(own); }
  Packing(const Packing&) = delete;

  template <class T>
  static void pack(const ProductAction& product) {
    Job::parallel_panels(product.panels<T>(), max64(1, worth_threads / max64(1, 4 * product.k * Tile<T>::cols)),
                         [&](int64_t begin, int64_t end) { product.pack<T>(begin, end); });
  }

  static int64_t bytes_of(const Action& action) {
    if (!action.is_product || !action.product.can_pack()) return 0;
    const ProductAction& product = action.product;
    return round_up(product.dtype == TT_FLOAT32 ? product.packed_bytes<float>() : product.packed_bytes<double>(), 64);
  }
};

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(recurrence) {
  ArgReader in{args};
  Job job;
  job.status = TT_OK;
  job.sequences = in.integer();
  job.step_count = in.integer();
  job.action_count = in.integer();
  if (job.action_count > max_actions) return TT_BAD_ARGUMENT;
  for (int64_t i = 0; i < job.action_count; i++) {
    Action& action = job.actions[i];
    action.is_product = in.integer() == 1;
    if (action.is_product) {
      ProductAction& product = action.product;
      product.dtype = in.integer();
      product.n = in.integer();
      product.k = in.integer();
      product.a = Rows::read(in);
      product.b = in.address<char>();
      product.b_row_stride = in.integer();
      product.b_col_stride = in.integer();
      product.c = Rows::read(in);
      product.start = in.integer();
      product.row = in.address<char>();
      product.packed = nullptr;
      continue;
    }
    ProgramAction& program = action.program;
    program.program = in.address<const tt_program>();
    program.outputs = in.integer();
    program.inputs = in.integer();
    program.columns = in.integer();
    if (program.outputs + program.inputs > TT_MAX_OPERANDS) return TT_BAD_ARGUMENT;
    for (int64_t k = 0; k < program.outputs + program.inputs; k++) program.operands[k] = Rows::read(in);
  }
  job.steps = in.array(2 * job.step_count);
  const Packing packing(job);
  job.run();
  return job.status;
}
