// The Node addon: plain N-API around the entries of entries.h.
//
// Each environment (the main thread, each worker) has its own argument array and its own choice of instruction set; the
// threads and the code are the process's. A call from JavaScript carries no arguments: they lie in the array already.
#define NAPI_VERSION 8
#include <node_api.h>
#include <string.h>

#include <new>

#include "abi.h"
#include "entries.h"
#include "platform.h"
#include "threads.h"
#include "weak_blocks.h"

#if defined(__x86_64__) || defined(_M_X64)
#define TT_ISAS(X) X(sse2) X(avx2) X(avx512)
#else
#define TT_ISAS(X) X(baseline)
#endif

// Weak, so that the library links (and lacks only that entry) while an entry is declared and not yet written.
#if defined(__ELF__)
#define TT_WEAK __attribute__((weak))
#else
#define TT_WEAK
#endif

#define DECLARE(isa, name) extern "C" TT_WEAK int32_t tt_##name##_##isa(const double*);
#if defined(__x86_64__) || defined(_M_X64)
#define DECLARE_WEAKEST(name) DECLARE(sse2, name)
#define DECLARE_ALL(name) DECLARE(sse2, name) DECLARE(avx2, name) DECLARE(avx512, name)
#else
#define DECLARE_WEAKEST(name) DECLARE(baseline, name)
#define DECLARE_ALL(name) DECLARE(baseline, name)
#endif
TT_ENTRIES(DECLARE_ALL)
TT_PORTABLE_ENTRIES(DECLARE_WEAKEST)

namespace {

enum Entry {
#define ENUMERATE(name) entry_##name,
  TT_ENTRIES(ENUMERATE) TT_PORTABLE_ENTRIES(ENUMERATE) entry_count
};

const char* const entry_names[] = {
#define SPELL(name) #name,
    TT_ENTRIES(SPELL) TT_PORTABLE_ENTRIES(SPELL)};

struct Isa {
  const char* name;
  tt_entry entries[entry_count];
};

const Isa isas[] = {
#if defined(__x86_64__) || defined(_M_X64)
#define PORTABLE(name) tt_##name##_sse2,
#define ROW(name) tt_##name##_sse2,
    {"sse2", {TT_ENTRIES(ROW) TT_PORTABLE_ENTRIES(PORTABLE)}},
#undef ROW
#define ROW(name) tt_##name##_avx2,
    {"avx2", {TT_ENTRIES(ROW) TT_PORTABLE_ENTRIES(PORTABLE)}},
#undef ROW
#define ROW(name) tt_##name##_avx512,
    {"avx512", {TT_ENTRIES(ROW) TT_PORTABLE_ENTRIES(PORTABLE)}},
#else
#define ROW(name) tt_##name##_baseline,
    {"baseline", {TT_ENTRIES(ROW) TT_PORTABLE_ENTRIES(ROW)}},
#endif
};

// Instruction sets come in order, and each processor has the first few. The system's support (for saving the registers)
// is asked for too.
int supported_isas() {
#if defined(__x86_64__) || defined(_M_X64)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  const int supported = avx512 ? 3 : avx2 ? 2 : 1;
#if defined(TT_MOST_ISAS)  // scripts/sanitize.mjs compiles the kernels for one set, and takes it for the best
  return supported < TT_MOST_ISAS ? supported : TT_MOST_ISAS;
#else
  return supported;
#endif
#else
  return 1;
#endif
}

struct Environment {
  const double* args = nullptr;
  const Isa* isa = nullptr;
  napi_ref args_buffer = nullptr;  // keeps the array alive
  WeakBlocks blocks;
};

Environment* environment_of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return (Environment*)data;
}

napi_value throw_type_error(napi_env env, const char* text) {
  napi_throw_type_error(env, nullptr, text);
  return nullptr;
}

napi_value one_argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  return argument;
}

template <int entry>
napi_value call_entry(napi_env env, napi_callback_info) {
  const Environment* environment = environment_of(env);
  if (__builtin_expect(!environment->args, 0)) return throw_type_error(env, "typetorch: init() has not been called");
  napi_value status;
  napi_create_int32(env, environment->isa->entries[entry](environment->args), &status);
  return status;
}

napi_value init(napi_env env, napi_callback_info info) {
  Environment* environment = environment_of(env);
  napi_value buffer = one_argument(env, info);
  void* data = nullptr;
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok || bytes < TT_MAX_ARGS * sizeof(double))
    return throw_type_error(env, "init: expected an ArrayBuffer of 32768 bytes or more");
  if (environment->args_buffer) napi_delete_reference(env, environment->args_buffer);
  napi_create_reference(env, buffer, 1, &environment->args_buffer);
  environment->args = (const double*)data;
  return nullptr;
}

// N-API tells the address of a SharedArrayBuffer only through a typed array over it. (Over any other object the
// constructor makes a buffer of its own.)
bool shared_buffer_data(napi_env env, napi_value buffer, void** data, size_t* bytes) {
  napi_value global, constructor, array, found;
  bool same = false;
  return napi_get_global(env, &global) == napi_ok &&
         napi_get_named_property(env, global, "Uint8Array", &constructor) == napi_ok &&
         napi_new_instance(env, constructor, 1, &buffer, &array) == napi_ok &&
         napi_get_typedarray_info(env, array, nullptr, bytes, data, &found, nullptr) == napi_ok &&
         napi_strict_equals(env, found, buffer, &same) == napi_ok && same;
}

napi_value address(napi_env env, napi_callback_info info) {
  napi_value buffer = one_argument(env, info);
  void* data = nullptr;
  size_t bytes = 0;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, buffer, &type);
  if (napi_get_arraybuffer_info(env, buffer, &data, &bytes) == napi_ok) {
    bool detached = false;
    if (bytes == 0) napi_is_detached_arraybuffer(env, buffer, &detached);
    if (detached) return throw_type_error(env, "address: the ArrayBuffer has been detached (transferred)");
  } else if (type != napi_object || !shared_buffer_data(env, buffer, &data, &bytes)) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    return pending ? nullptr : throw_type_error(env, "address: expected an ArrayBuffer or a SharedArrayBuffer");
  }
  napi_value result;
  napi_create_double(env, (double)(uintptr_t)data, &result);
  return result;
}

// track(block, id, bytes): follows the life of a block's holder.
napi_value track(napi_env env, napi_callback_info info) {
  size_t count = 3;
  napi_value arguments[3];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  int32_t id = 0;
  double bytes = 0;
  napi_get_value_int32(env, arguments[1], &id);
  napi_get_value_double(env, arguments[2], &bytes);
  environment_of(env)->blocks.add(env, arguments[0], id, bytes);
  return nullptr;
}

// takeDead(ids, alsoOld): the number of holders that have died since; their numbers are in the Int32Array `ids`, which has room for
// as many as are tracked.
napi_value take_dead(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  void* ids = nullptr;
  bool also_old = false;
  napi_get_typedarray_info(env, arguments[0], nullptr, nullptr, &ids, nullptr, nullptr);
  napi_get_value_bool(env, arguments[1], &also_old);
  napi_value result;
  napi_create_int32(env, environment_of(env)->blocks.take_dead(env, also_old, (int32_t*)ids), &result);
  return result;
}

// collectOld(): V8 begins to collect its old generation, step by step, when it hears of 64 MB more that hang on it.
napi_value collect_old(napi_env env, napi_callback_info) {
  constexpr int64_t much = 80 << 20;
  int64_t total;
  napi_adjust_external_memory(env, much, &total);
  napi_adjust_external_memory(env, -much, &total);
  return nullptr;
}

// prepare(buffer): has the system back a large buffer with large pages.
napi_value prepare(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(env, one_argument(env, info), &data, &bytes) == napi_ok) tt_use_large_pages(data, bytes);
  return nullptr;
}

napi_value string_list(napi_env env, int count, const char* (*text)(int)) {
  napi_value list;
  napi_create_array(env, &list);
  for (int i = 0; i < count; i++) {
    napi_value each;
    napi_create_string_utf8(env, text(i), NAPI_AUTO_LENGTH, &each);
    napi_set_element(env, list, i, each);
  }
  return list;
}

// { isa, isas (that this processor has), threads, cores }
napi_value info(napi_env env, napi_callback_info) {
  napi_value result, value;
  napi_create_object(env, &result);
  napi_create_string_utf8(env, environment_of(env)->isa->name, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, result, "isa", value);
  napi_set_named_property(env, result, "isas", string_list(env, supported_isas(), [](int i) { return isas[i].name; }));
  napi_create_int32(env, tt_num_threads(), &value);
  napi_set_named_property(env, result, "threads", value);
  napi_create_int32(env, tt_usable_cores(), &value);
  napi_set_named_property(env, result, "cores", value);
  return result;
}

napi_value set_num_threads(napi_env env, napi_callback_info info) {
  int32_t count = 0;
  if (napi_get_value_int32(env, one_argument(env, info), &count) != napi_ok || count < 1)
    return throw_type_error(env, "setNumThreads: expected a positive integer");
  tt_set_num_threads(count);
  return nullptr;
}

napi_value set_deterministic(napi_env env, napi_callback_info info) {
  bool deterministic = false;
  if (napi_get_value_bool(env, one_argument(env, info), &deterministic) != napi_ok)
    return throw_type_error(env, "setDeterministic: expected a boolean");
  tt_set_deterministic(deterministic);
  return nullptr;
}

napi_value set_isa(napi_env env, napi_callback_info info) {
  char name[32] = "";
  napi_get_value_string_utf8(env, one_argument(env, info), name, sizeof name, nullptr);
  for (int i = 0; i < supported_isas(); i++) {
    if (strcmp(isas[i].name, name) != 0) continue;
    environment_of(env)->isa = &isas[i];
    return nullptr;
  }
  return throw_type_error(env, "setIsa: this processor does not have this instruction set");
}

void export_function(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

void export_flag(napi_env env, napi_value exports, const char* name, bool flag) {
  napi_value value;
  napi_get_boolean(env, flag, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace

NAPI_MODULE_INIT() {
  tt_keep_freed_memory();
  tt_pin_library();
  Environment* environment = new (std::nothrow) Environment;
  if (!environment) return throw_type_error(env, "typetorch: out of memory");
  environment->isa = &isas[supported_isas() - 1];
  napi_set_instance_data(
      env, environment, [](napi_env, void* data, void*) { delete (Environment*)data; }, nullptr);

  export_function(env, exports, "init", init);
  export_function(env, exports, "address", address);
  export_function(env, exports, "track", track);
  export_function(env, exports, "takeDead", take_dead);
  export_function(env, exports, "collectOld", collect_old);
  export_function(env, exports, "prepare", prepare);
  export_function(env, exports, "info", info);
  export_function(env, exports, "setNumThreads", set_num_threads);
  export_function(env, exports, "setDeterministic", set_deterministic);
  export_function(env, exports, "setIsa", set_isa);
  export_flag(env, exports, "onFirstThread", tt_on_first_thread());
#if defined(__SANITIZE_ADDRESS__)
  // Asks for buffers that end where the tensor does, so that whoever reads past it is caught.
  export_flag(env, exports, "guarded", true);
#endif
#define EXPORT(name) \
  if (environment->isa->entries[entry_##name])  \
    export_function(env, exports, entry_names[entry_##name], call_entry<entry_##name>);
  TT_ENTRIES(EXPORT)
  TT_PORTABLE_ENTRIES(EXPORT)
  return exports;
}
