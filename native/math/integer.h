// What only int64 has, or has differently: division, powers, bits.
#pragma once
#include "basic.h"

namespace TT_NS {
namespace fn {

// Division by 0 gives 0 here, and the primitive's loop reports it; INT64_MIN / -1 wraps instead of trapping.
TT_MATH int64_t truncdiv(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? neg(a) : a / b; }
TT_MATH int64_t fmod(int64_t a, int64_t b) { return (b == 0) | (b == -1) ? 0 : a % b; }
TT_MATH int64_t remainder(int64_t a, int64_t b) {
  const int64_t rest = fmod(a, b);
  return (rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest;
}
TT_MATH int64_t floordiv(int64_t a, int64_t b) {
  return truncdiv(a, b) - ((fmod(a, b) != 0) & ((a < 0) != (b < 0)) ? 1 : 0);
}

// By squaring, wrapping. A negative exponent gives the truncated quotient: 0 but for bases 1 and -1, as in PyTorch.
TT_MATH int64_t pow(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
  uint64_t result = 1, square = (uint64_t)base;
  for (; exponent != 0; exponent >>= 1, square *= square)
    if (exponent & 1) result *= square;
  return (int64_t)result;
}

// Of the magnitudes, by Euclid. |INT64_MIN| is 2^63, which wraps.
TT_MATH int64_t gcd(int64_t a, int64_t b) {
  uint64_t p = (uint64_t)abs(a), q = (uint64_t)abs(b);
  while (q != 0) {
    const uint64_t rest = p % q;
    p = q;
    q = rest;
  }
  return (int64_t)p;
}
TT_MATH int64_t lcm(int64_t a, int64_t b) {
  const int64_t divisor = gcd(a, b);
  return divisor == 0 ? 0 : abs((int64_t)((uint64_t)(a / divisor) * (uint64_t)b));
}

TT_MATH int64_t bit_not(int64_t x) { return ~x; }
TT_MATH int64_t bit_and(int64_t a, int64_t b) { return a & b; }
TT_MATH int64_t bit_or(int64_t a, int64_t b) { return a | b; }
TT_MATH int64_t bit_xor(int64_t a, int64_t b) { return a ^ b; }
// By a negative number of places, or more than there are, everything is shifted out.
TT_MATH int64_t shift_left(int64_t a, int64_t b) { return (uint64_t)b > 63 ? 0 : (int64_t)((uint64_t)a << b); }
TT_MATH int64_t shift_right(int64_t a, int64_t b) { return a >> ((uint64_t)b > 63 ? 63 : b); }

}  // namespace fn
}  // namespace TT_NS
