// e^x on whole registers, to about one unit in the last place, for x <= 0 (what softmax needs) and up to the overflow limit.
#pragma once

#include "vector_order.h"

namespace TT_NS {

// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial, times 2^n, where no instruction does that in two steps so that
// subnormals come out.
TT_INLINE VecF32 vector_exp(VecF32 x) {
  const VecF32 low = broadcast(-104.0f);  // e^-104 rounds to 0
  const VecF32 high = broadcast(88.8f);   // e^88.8 is infinite
  x = smaller(larger(x, low), high);      // NaN stays
  const VecF32 magic = broadcast(0x1.8p23f);
  const VecF32 shifted = multiply_add(x, broadcast(0x1.715476p0f), magic);
  const VecF32 n = shifted - magic;
  VecF32 r = multiply_add(n, broadcast(-0x1.62e4p-1f), x);
  r = multiply_add(n, broadcast(-0x1.7f7d1cp-20f), r);
  VecF32 p = broadcast(1.0f / 5040);
  p = multiply_add(p, r, broadcast(1.0f / 720));
  p = multiply_add(p, r, broadcast(1.0f / 120));
  p = multiply_add(p, r, broadcast(1.0f / 24));
  p = multiply_add(p, r, broadcast(1.0f / 6));
  p = multiply_add(p, r, broadcast(0.5f));
  p = multiply_add(p, r, broadcast(1.0f));
  p = multiply_add(p, r, broadcast(1.0f));
#if defined(__AVX512F__)
  return (VecF32)_mm512_maskz_scalef_ps(0xffff, (__m512)p, (__m512)n);
#else
  typedef int32_t Ints __attribute__((vector_size(TT_VECTOR_BYTES)));
  const Ints power = (Ints)shifted - (Ints)magic;
  const Ints half = power >> 1;
  return p * (VecF32)((half + 127) << 23) * (VecF32)((power - half + 127) << 23);
#endif
}

TT_INLINE VecF64 vector_exp(VecF64 x) {
  const VecF64 low = broadcast(-746.0);
  const VecF64 high = broadcast(709.9);
  x = smaller(larger(x, low), high);
  const VecF64 magic = broadcast(0x1.8p52);
  const VecF64 shifted = multiply_add(x, broadcast(0x1.71547652b82fep0), magic);
  const VecF64 n = shifted - magic;
  VecF64 r = multiply_add(n, broadcast(-0x1.62e42fefap-1), x);
  r = multiply_add(n, broadcast(-0x1.cf79abc9e3b3ap-40), r);
  VecF64 p = broadcast(1.0 / 6227020800);
  p = multiply_add(p, r, broadcast(1.0 / 479001600));
  p = multiply_add(p, r, broadcast(1.0 / 39916800));
  p = multiply_add(p, r, broadcast(1.0 / 3628800));
  p = multiply_add(p, r, broadcast(1.0 / 362880));
  p = multiply_add(p, r, broadcast(1.0 / 40320));
  p = multiply_add(p, r, broadcast(1.0 / 5040));
  p = multiply_add(p, r, broadcast(1.0 / 720));
  p = multiply_add(p, r, broadcast(1.0 / 120));
  p = multiply_add(p, r, broadcast(1.0 / 24));
  p = multiply_add(p, r, broadcast(1.0 / 6));
  p = multiply_add(p, r, broadcast(0.5));
  p = multiply_add(p, r, broadcast(1.0));
  p = multiply_add(p, r, broadcast(1.0));
#if defined(__AVX512F__)
  return (VecF64)_mm512_maskz_scalef_pd(0xff, (__m512d)p, (__m512d)n);
#else
  typedef int64_t Ints __attribute__((vector_size(TT_VECTOR_BYTES)));
  const Ints power = (Ints)shifted - (Ints)magic;
  const Ints half = power >> 1;
  return p * (VecF64)((half + 1023) << 52) * (VecF64)((power - half + 1023) << 52);
#endif
}

}  // namespace TT_NS
