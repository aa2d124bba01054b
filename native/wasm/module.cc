// The exports of the WASM module: the entries of entries.h by their names, and what JavaScript needs to lead the engine.
// Compiled for each instruction set, as the kernels are.
#include "../abi.h"
#include "../entries.h"
#include "../platform.h"
#include "../threads.h"

#define TT_EXPORT(name) extern "C" __attribute__((export_name(name)))

#define TT_EXPORT_ENTRY(name, isa)                                                   \
  extern "C" int32_t tt_##name##_##isa(const double*);                               \
  TT_EXPORT(#name) int32_t export_##name(const double* args) { return tt_##name##_##isa(args); }
#if defined(__wasm_relaxed_simd__)
#define TT_EXPORT_KERNEL(name) TT_EXPORT_ENTRY(name, relaxed)
#else
#define TT_EXPORT_KERNEL(name) TT_EXPORT_ENTRY(name, simd128)
#endif
#define TT_EXPORT_PORTABLE(name) TT_EXPORT_ENTRY(name, simd128)
TT_ENTRIES(TT_EXPORT_KERNEL)
TT_PORTABLE_ENTRIES(TT_EXPORT_PORTABLE)

TT_EXPORT("alloc") void* export_alloc(size_t bytes) { return tt_alloc(bytes); }
TT_EXPORT("free") void export_free(void* memory) { tt_free(memory); }
TT_EXPORT("numThreads") int export_num_threads() { return tt_num_threads(); }
TT_EXPORT("setNumThreads") void export_set_num_threads(int count) { tt_set_num_threads(count); }
TT_EXPORT("setDeterministic") void export_set_deterministic(bool deterministic) { tt_set_deterministic(deterministic); }
TT_EXPORT("startThreads") void export_start_threads() { tt_start_threads(); }
// The life of a thread that `startThread` was asked for: called in its own instance, once its stack and TLS are set.
TT_EXPORT("runThread") void export_run_thread(void (*body)(void*), void* context) { body(context); }
