// The larger and the smaller of two registers, lane by lane: b > a ? b : a and b < a ? b : a, so a where one of them is NaN.
// That is just what x86's instructions do, and compilers do not see it in a comparison of vectors.
#pragma once
#include "../isa.h"

namespace TT_NS {

#if defined(__AVX512F__)
// Of g++ 12's intrinsics only those with a mask compile without a warning; one of all lanes costs nothing.
TT_INLINE VecF32 larger(VecF32 a, VecF32 b) { return (VecF32)_mm512_maskz_max_ps(0xffff, (__m512)b, (__m512)a); }
TT_INLINE VecF64 larger(VecF64 a, VecF64 b) { return (VecF64)_mm512_maskz_max_pd(0xff, (__m512d)b, (__m512d)a); }
TT_INLINE VecF32 smaller(VecF32 a, VecF32 b) { return (VecF32)_mm512_maskz_min_ps(0xffff, (__m512)b, (__m512)a); }
TT_INLINE VecF64 smaller(VecF64 a, VecF64 b) { return (VecF64)_mm512_maskz_min_pd(0xff, (__m512d)b, (__m512d)a); }
#elif defined(__AVX2__)
TT_INLINE VecF32 larger(VecF32 a, VecF32 b) { return (VecF32)_mm256_max_ps((__m256)b, (__m256)a); }
TT_INLINE VecF64 larger(VecF64 a, VecF64 b) { return (VecF64)_mm256_max_pd((__m256d)b, (__m256d)a); }
TT_INLINE VecF32 smaller(VecF32 a, VecF32 b) { return (VecF32)_mm256_min_ps((__m256)b, (__m256)a); }
TT_INLINE VecF64 smaller(VecF64 a, VecF64 b) { return (VecF64)_mm256_min_pd((__m256d)b, (__m256d)a); }
#elif defined(__SSE2__)
TT_INLINE VecF32 larger(VecF32 a, VecF32 b) { return (VecF32)_mm_max_ps((__m128)b, (__m128)a); }
TT_INLINE VecF64 larger(VecF64 a, VecF64 b) { return (VecF64)_mm_max_pd((__m128d)b, (__m128d)a); }
TT_INLINE VecF32 smaller(VecF32 a, VecF32 b) { return (VecF32)_mm_min_ps((__m128)b, (__m128)a); }
TT_INLINE VecF64 smaller(VecF64 a, VecF64 b) { return (VecF64)_mm_min_pd((__m128d)b, (__m128d)a); }
#else
TT_INLINE VecF32 larger(VecF32 a, VecF32 b) { return b > a ? b : a; }
TT_INLINE VecF64 larger(VecF64 a, VecF64 b) { return b > a ? b : a; }
TT_INLINE VecF32 smaller(VecF32 a, VecF32 b) { return b < a ? b : a; }
TT_INLINE VecF64 smaller(VecF64 a, VecF64 b) { return b < a ? b : a; }
#endif

}  // namespace TT_NS
