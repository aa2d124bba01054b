// Everything the engine needs from the operating system. Kernels call nothing else of it: the WASM build brings its own.
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {

// Memory aligned to 64 bytes, or null.
void* tt_alloc(size_t bytes);
void tt_free(void* memory);

// Scratch memory that belongs to the calling thread, is kept from call to call and grows on demand (so a kernel that
// needs a buffer pays no page faults), aligned to 64 bytes, or null. Its contents are valid until the same thread asks
// for the same slot again; a kernel keeps to its own slots.
enum tt_scratch_slot {
  TT_SCRATCH_GEMM_A,
  TT_SCRATCH_GEMM_TASK_A,
  TT_SCRATCH_GEMM_B,
  TT_SCRATCH_GEMM_C,
  TT_SCRATCH_TILE,
  TT_SCRATCH_REDUCE,
  TT_SCRATCH_OTHER,
  TT_SCRATCH_SLOTS,
};
void* tt_scratch(tt_scratch_slot slot, size_t bytes);

// The rest serves the thread pool and the addon.

// Processors this process may use: affinity, cgroup quota, and one per physical core.
int tt_usable_cores(void);
// Whether the calling thread is the one the process began with; false where that cannot be told.
bool tt_on_first_thread(void);
// Whether the processor multiplies pairs of bfloat16 (AVX512-BF16).
bool tt_multiplies_bfloat16(void);
// Starts a detached thread; false if the system refuses.
bool tt_start_thread(void (*body)(void*), void* context);
// Sleeps while *word == expected (may wake early); wakes all who sleep on the word.
void tt_wait(uint32_t* word, uint32_t expected);
void tt_wake_all(uint32_t* word);
// Nanoseconds of a monotonic clock.
int64_t tt_now(void);
void tt_yield(void);
// Calls `body` in the child after a fork.
void tt_after_fork(void (*body)(void));
// Lets freed memory stay with the process, to be handed out again without page faults (2 us each in a virtual machine: making a
// 1.6 MB tensor anew would cost six times the addition that fills it). Buffers of tensors come and go with every step.
void tt_keep_freed_memory(void);
// Asks for large pages in memory that has not been touched: fewer faults, and fewer misses of the processor's page cache.
void tt_use_large_pages(void* memory, size_t bytes);
// Keeps this library mapped for ever: its threads outlive the environment that loaded it.
void tt_pin_library(void);
}

// Tells the processor that this is a spin loop.
static inline void tt_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb");
#endif
}
