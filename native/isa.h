// The instruction set a kernel file is being compiled for: its name, its vector width, and the few vector operations
// that compilers' vector extensions (`a + b` on vector types) do not have.
//
// A kernel file is compiled once per instruction set, with -DTT_ISA=sse2 | avx2 | avx512 | baseline | simd128 | relaxed
// (the last two are WASM's). Whatever it shares through headers sits in `namespace TT_NS` with internal linkage: were two
// instruction sets to share one inline function, the linker would keep either copy, and an old processor might meet
// AVX-512. scripts/check-symbols.mjs checks.
#pragma once
#include <stdint.h>

#ifndef TT_ISA
#error "kernel headers are for kernel files, which are compiled with -DTT_ISA"
#endif

#define TT_NS_JOIN_(isa) tt_##isa
#define TT_NS_JOIN(isa) TT_NS_JOIN_(isa)
#define TT_NS TT_NS_JOIN(TT_ISA)

#define TT_INLINE static inline __attribute__((always_inline))
// Before a loop of which no step reads what another writes, though it may write over what it has read itself. Clang would else
// compare addresses, and work on single elements where a result lies over its operand.
#if defined(__clang__)
#define TT_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define TT_INDEPENDENT _Pragma("GCC ivdep")
#endif

#if defined(__x86_64__)
// Every function in these headers is always_inline, so none becomes a symbol.
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#if defined(__AVX512F__)
#define TT_VECTOR_BYTES 64
#define TT_VECTOR_REGISTERS 32
#elif defined(__AVX2__)
#define TT_VECTOR_BYTES 32
#define TT_VECTOR_REGISTERS 16
#elif defined(__aarch64__)
#define TT_VECTOR_BYTES 16
#define TT_VECTOR_REGISTERS 32
#else
#define TT_VECTOR_BYTES 16
#define TT_VECTOR_REGISTERS 16
#endif

namespace TT_NS {

// Vec<T>::type is a full register of T; Vec<T>::unaligned the same for memory at any address.
template <class T>
struct Vec {
  typedef T type __attribute__((vector_size(TT_VECTOR_BYTES)));
  typedef T unaligned __attribute__((vector_size(TT_VECTOR_BYTES), aligned(alignof(T)), may_alias));
  static constexpr int lanes = TT_VECTOR_BYTES / sizeof(T);
};

template <class T>
TT_INLINE typename Vec<T>::type load(const T* from) {
  return *reinterpret_cast<const typename Vec<T>::unaligned*>(from);
}

template <class T>
TT_INLINE void store(T* to, typename Vec<T>::type value) {
  *reinterpret_cast<typename Vec<T>::unaligned*>(to) = value;
}

template <class T>
TT_INLINE typename Vec<T>::type broadcast(T value) {
  return value - typename Vec<T>::type{};  // x - 0 keeps -0, and compiles to one broadcast
}

// a * b + c, fused where the processor can. The build forbids the compiler to fuse on its own: only what asks for it is.
typedef Vec<float>::type VecF32;
typedef Vec<double>::type VecF64;
TT_INLINE VecF32 multiply_add(VecF32 a, VecF32 b, VecF32 c) {
#if defined(__AVX512F__)
  return (VecF32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (VecF32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (VecF32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#elif defined(__wasm_relaxed_simd__)
  return (VecF32)wasm_f32x4_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
#else
  return a * b + c;
#endif
}

TT_INLINE VecF64 multiply_add(VecF64 a, VecF64 b, VecF64 c) {
#if defined(__AVX512F__)
  return (VecF64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (VecF64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
  return (VecF64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#elif defined(__wasm_relaxed_simd__)
  return (VecF64)wasm_f64x2_relaxed_madd((v128_t)a, (v128_t)b, (v128_t)c);
#else
  return a * b + c;
#endif
}

}  // namespace TT_NS
