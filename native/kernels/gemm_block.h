// A product divided into blocks that fit the caches, and over the threads.
//
// B is packed whole (or as many of its columns as fit a budget) into panels of tile_cols columns; the threads share it.
// A task is a block of C: some panels of rows by some panels of columns. It walks k in blocks, so that a panel of B's
// block stays in the nearest caches while the row panels of A pass by. Between blocks of k the sums wait in C itself if C is
// just the sum, else in the task's own tiles, so that half types are rounded once and the epilogue is applied once.
#pragma once
#include "../platform.h"
#include "../threads.h"
#include "gemm_finish.h"

namespace TT_NS {
namespace {

constexpr int64_t packed_b_bytes = 16 << 20;  // B's columns are packed in groups of about this size
constexpr int64_t panel_bytes = 64 << 10;     // a panel of B's block: with the row panels of a task, most of a second-level cache
constexpr int64_t task_row_panels = 14;       // times a block of k, this many row panels fit a second-level cache
constexpr int64_t task_tile_bytes = 1 << 20;  // and so do the tiles of a task
constexpr int64_t parallel_work = 1 << 18;    // multiplications below which waking threads costs more than it saves
constexpr int64_t parallel_pack = 1 << 15;    // the same for elements to pack
constexpr int64_t small_b_bytes = 32 << 10;     // a B that is read where it lies
constexpr int64_t task_packed_b_bytes = 4 << 20;  // a B that tasks pack panel by panel; a larger one is read along its rows
constexpr int64_t packed_a_bytes = 4 << 20;    // an A that is packed whole if several tasks need the same rows
constexpr int64_t tasks_per_thread = 4;
constexpr int64_t least_panel_rows = 8;         // with fewer, the multipliers wait
// A B so small is packed whole by each of a few threads: where two cores share no cache, it takes longer to fetch what the other
// has just written.
#if defined(__wasm__)
constexpr int64_t threads_packed_b_bytes = 256 << 10;
#else
constexpr int64_t threads_packed_b_bytes = 2 << 20;
#endif
constexpr int most_packers = 4;

template <class S, class T, class P>
struct Blocking {
  Product<S, T> product;
  int64_t steps;  // of P along k
  bool parallel;
  int64_t row_panels;  // into which the rows of C fall, evenly
  int64_t k_block;  // in steps
  // The group of columns being computed, and where its panels are packed.
  int64_t first_col, cols, col_panels;
  size_t bytes_of_b;
  P* packed_b;
  bool read_a_in_place, read_b_in_place;
  // No two tasks read the same panels of B: each packs its own, block by block, and no core reads what another has packed.
  bool tasks_pack_b;
  // Or each thread packs all of B for itself, when it comes to its first task.
  bool threads_pack_b;
  P* packed_by[most_packers];
  P* packed_a;  // all of A, packed before the tasks begin, if several of them would pack the same rows
  // A task is one of `row_tasks` x `col_tasks` blocks of panels.
  int64_t row_tasks, col_tasks;
  bool failed;

  int64_t first_row(int64_t row_panel) const { return product.m * row_panel / row_panels; }
  int64_t rows_of(int64_t row_panel) const { return first_row(row_panel + 1) - first_row(row_panel); }
  int64_t panel_cols(int64_t panel) const { return min64(Tile<T>::cols, cols - panel * Tile<T>::cols); }
  int64_t panel_width(int64_t panel) const { return round_up(panel_cols(panel), Tile<T>::lanes); }
  int64_t place_of_panel(int64_t panel) const { return panel * Tile<T>::cols * steps; }
  bool in_place(int64_t panel) const { return read_b_in_place && panel_cols(panel) == Tile<T>::cols; }
  // The sums of C are stored in rows as they are, or added to rows of D; relu follows while they are in the cache.
  bool direct() const {
    return same_type<S, T> && (product.is_plain() || product.adds_rows()) && product.c.col_stride == 1;
  }
};

// Packs a panel's steps of k from p on.
template <class S, class T, class P>
TT_INLINE void pack_panel_of_b(const Blocking<S, T, P>& plan, int64_t panel, int64_t p, int64_t depth, P* out) {
  const Matrix<const S> b = plan.product.b;
  const int64_t from = p * elements_of<P>;
  pack_panel(b.at(from, plan.first_col + panel * Tile<T>::cols), b.col_stride, b.row_stride, plan.panel_cols(panel),
             min64(depth * elements_of<P>, plan.product.k - from), out, plan.panel_width(panel));
}

// How many steps of k are packed of one panel after the other. Where B's rows lie along memory, so few that the processor sees
// each of them come; where its columns do, blocks to turn around.
template <class S, class T, class P>
int64_t chunk_of_b(const Blocking<S, T, P>& plan) { return plan.product.b.col_stride == 1 ? 8 : 8 * Tile<T>::cols; }

template <class S, class T, class P>
int64_t chunks_of_b(const Blocking<S, T, P>& plan) { return divide_up(plan.steps, chunk_of_b(plan)); }

// Packs the chunks begin..end of all panels.
template <class S, class T, class P>
void pack_chunks_of_b(const Blocking<S, T, P>& plan, int64_t begin, int64_t end, P* out) {
  const int64_t depth = chunk_of_b(plan);
  for (int64_t p = begin * depth; p < end * depth; p += depth)
    for (int64_t panel = 0; panel < plan.col_panels; panel++)
      if (!plan.in_place(panel))
        pack_panel_of_b(plan, panel, p, depth, out + plan.place_of_panel(panel) + p * plan.panel_width(panel));
}

template <class S, class T, class P>
void pack_b(void* context, int64_t begin, int64_t end, int) {
  const Blocking<S, T, P>& plan = *(Blocking<S, T, P>*)context;
  pack_chunks_of_b(plan, begin, end, plan.packed_b);
}

// What this thread has packed of B; null if there is no memory for it.
template <class S, class T, class P>
P* pack_b_once(Blocking<S, T, P>& plan, int worker) {
  P*& packed = plan.packed_by[worker];
  if (packed) return packed;
  packed = (P*)tt_scratch(TT_SCRATCH_GEMM_B, plan.bytes_of_b);
  if (!packed) return nullptr;
#if defined(__wasm__)
  call_up(plan.product.b, plan.product.k, plan.product.n);
#endif
  pack_chunks_of_b(plan, 0, chunks_of_b(plan), packed);
  return packed;
}

template <class S, class T, class P>
TT_INLINE void pack_rows(const Blocking<S, T, P>& plan, int64_t panel, int64_t p, int64_t depth, P* out) {
  const Product<S, T>& product = plan.product;
  const int64_t from = p * elements_of<P>;
  pack_panel(product.a.at(plan.first_row(panel), from), product.a.row_stride, product.a.col_stride,
             plan.rows_of(panel), min64(depth * elements_of<P>, product.k - from), out, Tile<T>::packed_rows);
}

// Packs the row panels begin..end of A.
template <class S, class T, class P>
void pack_a(void* context, int64_t begin, int64_t end, int) {
  const Blocking<S, T, P>& plan = *(Blocking<S, T, P>*)context;
  for (int64_t panel = begin; panel < end; panel++)
    pack_rows(plan, panel, 0, plan.steps, plan.packed_a + panel * Tile<T>::packed_rows * plan.steps);
}

template <class T>
void relu_of_rows(T* rows, int64_t stride, int64_t count, int64_t width) {
  for (int64_t i = 0; i < count; i++)
    for (int64_t j = 0; j < width; j++) rows[i * stride + j] = relu_of(rows[i * stride + j]);
}

template <class S, class T, class P>
struct Task {
  const Blocking<S, T, P>& plan;
  int64_t first_row_panel, row_panels, first_col_panel, col_panels;
  P* packed_a;
  P* packed_b;  // a panel's block if tasks pack B, else all of it
  T* tiles;

  void run() const {
    int64_t first_rows[task_row_panels + 1];
    for (int64_t i = 0; i <= row_panels; i++) first_rows[i] = plan.first_row(first_row_panel + i);
    int64_t done = 0;
    do {
      const int64_t depth = min64(plan.k_block, plan.steps - done);
      run_k_block(first_rows, done, depth);
      done += depth;
    } while (done < plan.steps);
  }

  void run_k_block(const int64_t* first_rows, int64_t p, int64_t depth) const {
    const Product<S, T>& product = plan.product;
    const bool pack_here = !plan.read_a_in_place && !plan.packed_a;
    if (pack_here) {
      for (int64_t i = 0; i < row_panels; i++)
        pack_rows(plan, first_row_panel + i, p, depth, packed_a + i * depth * Tile<T>::packed_rows);
    }
    const bool last = p + depth == plan.steps;
    const bool keep_tiles = plan.k_block < plan.steps;
    const bool direct = plan.direct();
    for (int64_t j = 0; j < col_panels; j++) {
      const int64_t panel = first_col_panel + j;
      const int64_t col = plan.first_col + panel * Tile<T>::cols;
      const int64_t cols = plan.panel_cols(panel), width = plan.panel_width(panel);
      const bool in_place = plan.in_place(panel);
      if (plan.tasks_pack_b) pack_panel_of_b(plan, panel, p, depth, packed_b);
      const P* b = in_place            ? (const P*)product.b.at(p, col)
                   : plan.tasks_pack_b ? packed_b
                                       : packed_b + plan.place_of_panel(panel) + p * width;
      const int64_t b_stride = in_place ? product.b.row_stride : width;
      for (int64_t i = 0; i < row_panels; i++) {
        const int64_t row = first_rows[i], rows = first_rows[i + 1] - row;
        const P* packed = pack_here ? packed_a + i * depth * Tile<T>::packed_rows
                                    : plan.packed_a + ((first_row_panel + i) * plan.steps + p) * Tile<T>::packed_rows;
        const P* a = plan.read_a_in_place ? (const P*)product.a.at(row, p) : packed;
        const int64_t a_stride = plan.read_a_in_place ? product.a.row_stride : Tile<T>::packed_rows;
        const auto micro = Micro<P>::find((int)rows, (int)(width / Tile<T>::lanes), !plan.read_a_in_place);
        if (direct && cols == width) {
          T* const c = (T*)product.c.at(row, col);
          Addend<T> addend = {};
          if (p > 0) addend = {c, product.c.row_stride};
          else if (product.d.data) addend = {(const T*)product.d.at(row, col), product.d.row_stride};
          micro(depth, a, a_stride, b, b_stride, c, product.c.row_stride, addend);
          if (last && product.relu) relu_of_rows(c, product.c.row_stride, rows, cols);
          continue;
        }
        T* tile = tiles + (keep_tiles ? (j * row_panels + i) * (Tile<T>::rows * Tile<T>::cols) : 0);
        micro(depth, a, a_stride, b, b_stride, tile, width, {p > 0 ? tile : nullptr, width});
        if (!last) continue;
        const Matrix<S> c = {product.c.at(row, col), product.c.row_stride, product.c.col_stride};
        const Matrix<const S> d = {product.d.data ? product.d.at(row, col) : nullptr, product.d.row_stride,
                                   product.d.col_stride};
        finish_tile<S, T>(tile, width, rows, cols, {c, d, product.alpha, product.beta, product.relu});
      }
    }
  }
};

template <class S, class T, class P>
void run_tasks(void* context, int64_t begin, int64_t end, int worker) {
  Blocking<S, T, P>& plan = *(Blocking<S, T, P>*)context;
  const int64_t most_rows = divide_up(plan.row_panels, plan.row_tasks);
  const int64_t most_cols = divide_up(plan.col_panels, plan.col_tasks);
  const int64_t tiles = plan.k_block < plan.steps ? most_rows * most_cols : 1;
  const bool pack_here = !plan.read_a_in_place && !plan.packed_a;
  const int64_t elements = pack_here ? most_rows * plan.k_block * Tile<T>::packed_rows : 1;
  P* packed_a = (P*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, sizeof(P) * elements);
  P* packed_b = plan.tasks_pack_b     ? (P*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(P) * plan.k_block * Tile<T>::cols)
                : plan.threads_pack_b ? pack_b_once(plan, worker)
                                      : plan.packed_b;
  T* sums = (T*)tt_scratch(TT_SCRATCH_GEMM_C, sizeof(T) * tiles * Tile<T>::rows * Tile<T>::cols);
  if (!packed_a || !packed_b || !sums) {
    plan.failed = true;
    return;
  }
  for (int64_t task = begin; task < end; task++) {
    const int64_t row_task = task % plan.row_tasks, col_task = task / plan.row_tasks;
    const int64_t row = plan.row_panels * row_task / plan.row_tasks;
    const int64_t next_row = plan.row_panels * (row_task + 1) / plan.row_tasks;
    const int64_t col = plan.col_panels * col_task / plan.col_tasks;
    const int64_t next_col = plan.col_panels * (col_task + 1) / plan.col_tasks;
    Task<S, T, P>{plan, row, next_row - row, col, next_col - col, packed_a, packed_b, sums}.run();
  }
}

// As many tasks for each thread: 13 tasks for two threads would take as long as 14.
TT_INLINE int64_t evenly(int64_t tasks, int64_t most) {
  return min64(most, round_up(tasks, tt_num_threads()));
}

template <class S, class T, class P>
void divide_into_tasks(Blocking<S, T, P>& plan) {
  plan.row_tasks = divide_up(plan.row_panels, task_row_panels);
  const int64_t tile_bytes = Tile<T>::rows * Tile<T>::cols * sizeof(T);
  const int64_t most_col_panels = max64(1, task_tile_bytes / (min64(plan.row_panels, task_row_panels) * tile_bytes));
  plan.col_tasks = divide_up(plan.col_panels, most_col_panels);
  if (plan.parallel) {
    // Enough tasks to share evenly, by cutting the longer side.
    const int64_t wanted = tt_num_threads() * tasks_per_thread;
    if (plan.row_panels >= plan.col_panels) {
      plan.row_tasks = evenly(max64(plan.row_tasks, divide_up(wanted, plan.col_tasks)), plan.row_panels);
      plan.col_tasks = min64(plan.col_panels, max64(plan.col_tasks, divide_up(wanted, plan.row_tasks)));
    } else {
      plan.col_tasks = evenly(max64(plan.col_tasks, divide_up(wanted, plan.row_tasks)), plan.col_panels);
      plan.row_tasks = min64(plan.row_panels, max64(plan.row_tasks, divide_up(wanted, plan.col_tasks)));
    }
  }
}

TT_INLINE void run_maybe_parallel(bool parallel, int64_t n, void (*body)(void*, int64_t, int64_t, int), void* context) {
  if (parallel) {
    tt_parallel_for(n, 1, body, context);
  } else {
    body(context, 0, n, 0);
  }
}

// Rough cost in register tiles' steps, to choose between a product and its transpose.
template <class S, class T>
int64_t estimate(const Product<S, T>& product) {
  constexpr int64_t lanes = Tile<T>::lanes;
  const int64_t m = product.m, n = product.n, k = product.k;
  const int64_t sums = m * round_up(n, lanes) / 2 * k;
  const int64_t packing_b = product.b.col_stride == 1 ? n * k : 4 * n * k;
  const int64_t packing_a = product.a.col_stride == 1 ? 0 : 2 * m * k;
  const int64_t storing = product.c.col_stride == 1 ? 0 : 4 * m * n;
  return sums + packing_b * 2 + packing_a + storing;
}

// How many panels of B a panel of A may meet that is read where it lies, its rows so many bytes apart. Packing it pays sooner
// where they fall into so few sets of a first-level cache (64 sets of 64 bytes, 8 ways or more) that they push each other out.
template <class T>
int64_t most_panels_in_place(int64_t bytes) {
  int64_t places = 4096 / 64;
  for (int64_t step = 64; step < 4096 && bytes % (2 * step) == 0; step *= 2) places /= 2;
  const int64_t in_a_set = divide_up(Tile<T>::rows, places);
  return in_a_set <= 3 ? 8 : in_a_set == 4 ? 4 : in_a_set <= 8 ? 2 : 1;
}

// Computes one product; `parallel` lets it use the pool. P is what a packed panel holds: a step along k.
template <class S, class T, class P = T>
int32_t gemm(Product<S, T> product, bool parallel) {
  if (product.m <= 0 || product.n <= 0) return TT_OK;
  if (estimate(product.transposed()) < estimate(product)) product = product.transposed();

  const int64_t m = product.m, n = product.n, k = product.k;
  Blocking<S, T, P> plan = {};
  plan.product = product;
  plan.steps = divide_up(k, elements_of<P>);
  plan.parallel = parallel && m * n * k >= parallel_work && tt_num_threads() > 1;
  // Panels of about equal height: 16 rows are 8 + 8, not 14 + 2, which would leave the multipliers waiting; and as many for each thread.
  plan.row_panels = divide_up(m, Tile<T>::rows);
  if (plan.parallel && m >= least_panel_rows * round_up(plan.row_panels, tt_num_threads()))
    plan.row_panels = round_up(plan.row_panels, tt_num_threads());
  const int64_t most_depth = panel_bytes / (Tile<T>::cols * sizeof(P));
  plan.k_block = max64(1, divide_up(plan.steps, max64(1, divide_up(plan.steps, most_depth))));
  plan.read_a_in_place = same_type<S, T> && product.a.col_stride == 1 &&
                         n <= Tile<T>::cols * most_panels_in_place<T>(product.a.row_stride * sizeof(T));
  plan.read_b_in_place = same_type<S, T> && product.b.col_stride == 1 &&
                         (plan.row_panels == 1 || k * product.b.row_stride * (int64_t)sizeof(T) <= small_b_bytes);

  // Columns are taken in groups whose packed panels stay within the budget.
  int64_t group = max64(1, packed_b_bytes / (int64_t)sizeof(P) / max64(plan.steps, 1) / Tile<T>::cols) * Tile<T>::cols;
  if (plan.read_b_in_place) group = n;
  group = min64(group, round_up(n, Tile<T>::lanes));
  const size_t bytes = sizeof(P) * max64(plan.steps, 1) * round_up(group, Tile<T>::lanes);
  const bool large = (int64_t)bytes > 2 * packed_b_bytes;
  plan.bytes_of_b = bytes;
  P* const own_b = large ? (P*)tt_alloc(bytes) : nullptr;

  for (plan.first_col = 0; plan.first_col < n; plan.first_col += group) {
    plan.cols = min64(group, n - plan.first_col);
    plan.col_panels = divide_up(plan.cols, Tile<T>::cols);
    divide_into_tasks(plan);
    plan.tasks_pack_b = plan.row_tasks == 1 && !plan.read_b_in_place && (int64_t)bytes <= task_packed_b_bytes;
    plan.threads_pack_b = plan.parallel && !plan.tasks_pack_b && !plan.read_b_in_place &&
                          (int64_t)bytes <= threads_packed_b_bytes && tt_num_threads() <= most_packers;
    if (!plan.tasks_pack_b && !plan.threads_pack_b) {
      plan.packed_b = large ? own_b : (P*)tt_scratch(TT_SCRATCH_GEMM_B, bytes);
      if (!plan.packed_b) return TT_OUT_OF_MEMORY;
      run_maybe_parallel(plan.parallel && plan.cols * k >= parallel_pack, chunks_of_b(plan), pack_b<S, T, P>, &plan);
    }
    const int64_t elements = plan.row_panels * Tile<T>::packed_rows * plan.steps;
    const bool share_a = plan.col_tasks > 1 && elements * (int64_t)sizeof(P) <= packed_a_bytes;
    if (!plan.packed_a && !plan.read_a_in_place && share_a) {
      plan.packed_a = (P*)tt_scratch(TT_SCRATCH_GEMM_A, sizeof(P) * elements);
      const bool parallel_a = plan.parallel && elements >= parallel_pack;
      if (plan.packed_a) run_maybe_parallel(parallel_a, plan.row_panels, pack_a<S, T, P>, &plan);
    }
    run_maybe_parallel(plan.parallel, plan.row_tasks * plan.col_tasks, run_tasks<S, T, P>, &plan);
  }
  tt_free(own_b);
  return plan.failed ? TT_OUT_OF_MEMORY : TT_OK;
}

}  // namespace
}  // namespace TT_NS
