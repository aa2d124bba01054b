// One pool of threads a process.
#pragma once
#include <stdint.h>

extern "C" {

// Calls `body(context, begin, end, worker)` for pieces that cover 0..n, each a multiple of `grain` long (except the last),
// on several threads, and returns when all are done. `worker` is below tt_num_threads(), and no two pieces that run at the
// same time have the same one. Everything runs on the caller, as one piece, when n <= grain, the pool has one thread, or
// another call has the pool (a second JavaScript thread's, or one further up the stack).
void tt_parallel_for(int64_t n, int64_t grain, void (*body)(void* context, int64_t begin, int64_t end, int worker),
                     void* context);

// Threads that tt_parallel_for uses when the calling thread calls it, the caller included.
int tt_num_threads(void);

// Starts the threads before there is work for them, where starting one takes long.
void tt_start_threads(void);

// Sets that for the calling thread. At least 1; more than the processors of the machine is allowed, more than 256 is not.
void tt_set_num_threads(int count);

// Into how many shares a sum is divided that threads compute together: tt_num_threads(), or, where the calling thread wants
// answers that do not depend on the number of threads to the last bit, always the same number.
int tt_num_sharers(void);
void tt_set_deterministic(bool deterministic);
}
