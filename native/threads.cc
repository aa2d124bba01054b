// The pool. The caller publishes a job and works on it too; a worker that sees the job joins it, one that wakes too
// late finds it closed. So the caller waits only for threads that have joined, never for one that the system has yet
// to wake.
//
// Each thread starts with a share of its own (so that consecutive jobs touch the same memory from the same core) and,
// when it is done, takes pieces from the others' shares.
#include "threads.h"

#include <atomic>
#include <new>

#include "platform.h"

namespace {

constexpr int max_threads = 256;
constexpr int64_t spin_ns = 500'000;  // how long an idle worker spins before it sleeps: past the gaps between the kernels of a step
#if defined(__wasm__)
constexpr int spins_per_look = 1 << 12;  // at the clock: there it is a call to JavaScript, which makes garbage
#else
constexpr int spins_per_look = 64;
#endif
constexpr int spins_per_yield = 16 * spins_per_look;  // to what else wants the processor: V8 compiles and collects on threads of its own
constexpr int64_t pieces_per_share = 4;  // finer pieces balance better, coarser ones cost less

struct alignas(64) Share {
  std::atomic<int64_t> next;
  int64_t end;
};

struct Job {
  void (*body)(void*, int64_t, int64_t, int);
  void* context;
  int64_t piece;
};

// `ticket` holds everything that joining decides on, so one compare-and-swap joins: the bits from open_bit up count
// openings and closings (odd: open), the bits below it the workers inside.
constexpr uint32_t open_bit = 1u << 9;
constexpr uint32_t inside_mask = open_bit - 1;

struct Pool {
  alignas(64) std::atomic<uint32_t> ticket{0};
  alignas(64) std::atomic<uint32_t> sleepers{0};
  std::atomic<bool> taken{false};
  Job job;
  std::atomic<int> threads{1};  // that may work on the job
  int started = 1;  // workers that exist, counting the caller as worker 0
  Share shares[max_threads];
};

std::atomic<Pool*> the_pool{nullptr};

// Each thread that calls the engine has a number of its own: that of a JavaScript worker says nothing about the others.
thread_local int wanted_threads = 0;  // 0: not yet asked
thread_local bool wants_same_sums = false;
constexpr int fixed_sharers = 2;  // more would cost a lone thread more memory to add up

void work(Pool& pool, int worker) {
  const Job job = pool.job;
  const int threads = pool.threads.load(std::memory_order_relaxed);
  for (int i = 0; i < threads; i++) {
    const int owner = worker + i < threads ? worker + i : worker + i - threads;
    Share& share = pool.shares[owner];
    while (share.next.load(std::memory_order_relaxed) < share.end) {
      const int64_t begin = share.next.fetch_add(job.piece, std::memory_order_relaxed);
      if (begin >= share.end) break;
      const int64_t end = begin + job.piece < share.end ? begin + job.piece : share.end;
      job.body(job.context, begin, end, worker);
    }
  }
}

// True once inside the open job; false if it is closed (again), or does not want this worker.
bool join(Pool& pool, uint32_t& seen, int worker) {
  uint32_t ticket = pool.ticket.load(std::memory_order_acquire);
  while (ticket & open_bit) {
    seen = ticket & ~inside_mask;
    // Read before joining: if the job changes meanwhile, so does the ticket, and the swap fails.
    if (worker >= pool.threads.load(std::memory_order_relaxed)) return false;
    if (pool.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) return true;
  }
  seen = ticket & ~inside_mask;
  return false;
}

struct WorkerStart {
  Pool* pool;
  int worker;
};

void worker_main(void* argument) {
  Pool& pool = *((WorkerStart*)argument)->pool;
  const int worker = ((WorkerStart*)argument)->worker;
  tt_free(argument);
  uint32_t seen = 0;  // the ticket, without the count of those inside, that this worker has dealt with
  for (;;) {
    int64_t deadline = tt_now() + spin_ns;
    for (int i = 1; (pool.ticket.load(std::memory_order_acquire) & ~inside_mask) == seen; i++) {
      tt_pause();
      if (i % spins_per_look != 0) continue;
      if (i % spins_per_yield == 0) tt_yield();
      if (tt_now() > deadline) {
        pool.sleepers.fetch_add(1);
        const uint32_t ticket = pool.ticket.load();
        if ((ticket & ~inside_mask) == seen) tt_wait((uint32_t*)&pool.ticket, ticket);
        pool.sleepers.fetch_sub(1);
        deadline = tt_now() + spin_ns;
      }
    }
    if (join(pool, seen, worker)) {
      work(pool, worker);
      pool.ticket.fetch_sub(1, std::memory_order_release);
    }
  }
}

// A forked child has the pool's memory but none of its threads: it starts another when it needs one.
void forget_pool() { the_pool.store(nullptr); }

Pool* find_pool() {
  if (Pool* pool = the_pool.load(std::memory_order_acquire)) return pool;
  void* memory = tt_alloc(sizeof(Pool));  // never freed: its threads use it until the process ends
  if (!memory) return nullptr;
  Pool* fresh = new (memory) Pool;
  Pool* current = nullptr;
  if (!the_pool.compare_exchange_strong(current, fresh)) {
    tt_free(fresh);
    return current;
  }
  static std::atomic<bool> registered{false};
  if (!registered.exchange(true)) tt_after_fork(forget_pool);
  return fresh;
}

// Starts what is missing; returns how many threads there are to work with. Only who has taken the pool calls this.
int ensure_workers(Pool& pool, int threads) {
  while (pool.started < threads) {
    WorkerStart* start = (WorkerStart*)tt_alloc(sizeof(WorkerStart));
    if (!start) break;
    *start = {&pool, pool.started};
    if (!tt_start_thread(worker_main, start)) {
      tt_free(start);
      break;
    }
    pool.started++;
  }
  return pool.started < threads ? pool.started : threads;
}

void run(Pool& pool, int64_t n, int64_t grain, int threads, void (*body)(void*, int64_t, int64_t, int), void* context) {
  // Shares and pieces are whole numbers of grains.
  const int64_t grains = (n + grain - 1) / grain;
  if (threads > grains) threads = (int)grains;
  const int64_t piece = (grains + threads * pieces_per_share - 1) / (threads * pieces_per_share);
  for (int i = 0; i < threads; i++) {
    const int64_t begin = grains * i / threads * grain;
    const int64_t end = grains * (i + 1) / threads * grain;
    pool.shares[i].next.store(begin, std::memory_order_relaxed);
    pool.shares[i].end = end < n ? end : n;
  }
  pool.job = {body, context, piece * grain};
  pool.threads.store(threads, std::memory_order_relaxed);

  pool.ticket.fetch_add(open_bit);  // open
  if (pool.sleepers.load() > 0) tt_wake_all((uint32_t*)&pool.ticket);
  // The others read the context all the time. It lies on this thread's stack, and what this thread writes while it works must
  // not lie on the same cache line, or on the one that is fetched along with it.
  alignas(64) char apart[128];
  __asm__ __volatile__("" : : "r"(apart) : "memory");
  work(pool, 0);
  pool.ticket.fetch_add(open_bit);  // close
  for (int i = 1; (pool.ticket.load(std::memory_order_acquire) & inside_mask) != 0; i++) {
    tt_pause();
    if (i % 4096 == 0) tt_yield();
  }
}

}  // namespace

int tt_num_threads() {
  if (wanted_threads == 0) tt_set_num_threads(tt_usable_cores());
  return wanted_threads;
}

void tt_set_num_threads(int count) { wanted_threads = count < 1 ? 1 : count > max_threads ? max_threads : count; }

int tt_num_sharers() { return wants_same_sums ? fixed_sharers : tt_num_threads(); }

void tt_set_deterministic(bool deterministic) { wants_same_sums = deterministic; }

void tt_start_threads() {
  Pool* pool = tt_num_threads() == 1 ? nullptr : find_pool();
  if (!pool || pool->taken.exchange(true, std::memory_order_acquire)) return;
  ensure_workers(*pool, tt_num_threads());
  pool->taken.store(false, std::memory_order_release);
}

void tt_parallel_for(int64_t n, int64_t grain, void (*body)(void*, int64_t, int64_t, int), void* context) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  const int threads = tt_num_threads();
  Pool* pool = n <= grain || threads == 1 ? nullptr : find_pool();
  if (!pool || pool->taken.exchange(true, std::memory_order_acquire)) {
    body(context, 0, n, 0);
    return;
  }
  run(*pool, n, grain, ensure_workers(*pool, threads), body, context);
  pool->taken.store(false, std::memory_order_release);
}
