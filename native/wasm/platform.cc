// What native/platform.h asks for, in a WASM module: memory comes from heap.cc, clock and threads from JavaScript
// (src/backends/cpu/wasm/).
#include "../platform.h"

#define TT_IMPORT(name) __attribute__((import_module("tt"), import_name(name)))

extern "C" {
TT_IMPORT("now") double tt_import_now(void);  // milliseconds
TT_IMPORT("cores") int tt_import_cores(void);
TT_IMPORT("startThread") bool tt_import_start_thread(void (*body)(void*), void* context);
}

namespace {
thread_local void* scratch[TT_SCRATCH_SLOTS];
thread_local size_t scratch_size[TT_SCRATCH_SLOTS];
}  // namespace

void* tt_scratch(tt_scratch_slot slot, size_t bytes) {
  if (scratch_size[slot] < bytes) {
    tt_free(scratch[slot]);
    scratch[slot] = tt_alloc(bytes);
    scratch_size[slot] = scratch[slot] ? bytes : 0;
  }
  return scratch[slot];
}

int tt_usable_cores() { return tt_import_cores(); }
bool tt_start_thread(void (*body)(void*), void* context) { return tt_import_start_thread(body, context); }

// Only the pool's workers sleep: the main thread of a browser may not.
void tt_wait(uint32_t* word, uint32_t expected) { __builtin_wasm_memory_atomic_wait32((int*)word, (int)expected, -1); }
void tt_wake_all(uint32_t* word) { __builtin_wasm_memory_atomic_notify((int*)word, ~0u); }

int64_t tt_now() { return (int64_t)(tt_import_now() * 1e6); }
void tt_yield() {}
void tt_after_fork(void (*)(void)) {}
