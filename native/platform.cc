// Memory, scratch buffers, sleeping and waking. What is particular to counting processors is in cores.cc.
#include "platform.h"

#include <stdlib.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#endif
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {
constexpr size_t alignment = 64;
}

#if defined(_WIN32)
void* tt_alloc(size_t bytes) { return _aligned_malloc(bytes ? bytes : 1, alignment); }
void tt_free(void* memory) { _aligned_free(memory); }
#else
void* tt_alloc(size_t bytes) {
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes ? bytes : 1) == 0 ? memory : nullptr;
}
void tt_free(void* memory) { free(memory); }
#endif

bool tt_multiplies_bfloat16(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool tt_on_first_thread(void) {
#if defined(__linux__)
  return syscall(SYS_gettid) == getpid();
#elif defined(__APPLE__)
  return pthread_main_np() != 0;
#else
  return false;
#endif
}

void tt_keep_freed_memory(void) {
#if defined(__GLIBC__)
  // The largest threshold that glibc takes. It would raise its own up to this as such buffers are freed, but give the memory back.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_TOP_PAD, 4 << 20);
#endif
}

void tt_use_large_pages(void* memory, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t large = 2 << 20;
  const uintptr_t begin = ((uintptr_t)memory + large - 1) & ~(large - 1);
  const uintptr_t end = ((uintptr_t)memory + bytes) & ~(large - 1);
  if (begin < end) madvise((void*)begin, end - begin, MADV_HUGEPAGE);
#else
  (void)memory, (void)bytes;
#endif
}

namespace {

struct Scratch {
  void* memory[TT_SCRATCH_SLOTS] = {};
  size_t size[TT_SCRATCH_SLOTS] = {};
  ~Scratch() {
    for (void* each : memory) tt_free(each);
  }
};
thread_local Scratch scratch;

}  // namespace

void* tt_scratch(tt_scratch_slot slot, size_t bytes) {
  Scratch& mine = scratch;
  if (mine.size[slot] < bytes) {
    tt_free(mine.memory[slot]);
    mine.memory[slot] = tt_alloc(bytes);
    mine.size[slot] = mine.memory[slot] ? bytes : 0;
  }
  return mine.memory[slot];
}

#if defined(_WIN32)

namespace {
struct ThreadStart {
  void (*body)(void*);
  void* context;
};
DWORD WINAPI run_thread(void* argument) {
  const ThreadStart start = *(ThreadStart*)argument;
  tt_free(argument);
  start.body(start.context);
  return 0;
}
}  // namespace

bool tt_start_thread(void (*body)(void*), void* context) {
  ThreadStart* start = (ThreadStart*)tt_alloc(sizeof(ThreadStart));
  if (!start) return false;
  *start = {body, context};
  HANDLE thread = CreateThread(nullptr, 0, run_thread, start, 0, nullptr);
  if (!thread) {
    tt_free(start);
    return false;
  }
  CloseHandle(thread);
  return true;
}

void tt_wait(uint32_t* word, uint32_t expected) { WaitOnAddress(word, &expected, sizeof expected, INFINITE); }
void tt_wake_all(uint32_t* word) { WakeByAddressAll(word); }
void tt_yield() { SwitchToThread(); }
void tt_after_fork(void (*)(void)) {}

int64_t tt_now() {
  static const int64_t frequency = [] {
    LARGE_INTEGER value;
    QueryPerformanceFrequency(&value);
    return (int64_t)value.QuadPart;
  }();
  LARGE_INTEGER value;
  QueryPerformanceCounter(&value);
  return (int64_t)((double)value.QuadPart * 1e9 / (double)frequency);
}

void tt_pin_library() {
  HMODULE module;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
  GetModuleHandleExA(flags, (const char*)&tt_pin_library, &module);
}

#else

namespace {
struct ThreadStart {
  void (*body)(void*);
  void* context;
};
void* run_thread(void* argument) {
  const ThreadStart start = *(ThreadStart*)argument;
  tt_free(argument);
  start.body(start.context);
  return nullptr;
}
}  // namespace

bool tt_start_thread(void (*body)(void*), void* context) {
  ThreadStart* start = (ThreadStart*)tt_alloc(sizeof(ThreadStart));
  if (!start) return false;
  *start = {body, context};
  // Signals belong to Node's main thread.
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool ok = pthread_create(&thread, &attributes, run_thread, start) == 0;
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  if (!ok) tt_free(start);
  return ok;
}

#if defined(__linux__)
void tt_wait(uint32_t* word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}
void tt_wake_all(uint32_t* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 0x7fffffff, nullptr, nullptr, 0); }
#else
// One lock for every word: sleeping is rare, and only pools sleep.
namespace {
pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t sleep_condition = PTHREAD_COND_INITIALIZER;
}  // namespace
void tt_wait(uint32_t* word, uint32_t expected) {
  pthread_mutex_lock(&sleep_lock);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == expected) pthread_cond_wait(&sleep_condition, &sleep_lock);
  pthread_mutex_unlock(&sleep_lock);
}
void tt_wake_all(uint32_t*) {
  pthread_mutex_lock(&sleep_lock);
  pthread_cond_broadcast(&sleep_condition);
  pthread_mutex_unlock(&sleep_lock);
}
#endif

void tt_yield() { sched_yield(); }
void tt_after_fork(void (*body)(void)) { pthread_atfork(nullptr, nullptr, body); }

int64_t tt_now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void tt_pin_library() {
  Dl_info found;
  if (!dladdr((const void*)&tt_pin_library, &found) || !found.dli_fname) return;
  dlopen(found.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

#endif
