// Functions of float, within 2 ulp (docs/accuracy.md has what was measured over all floats), right at ±0, ±inf, NaN,
// subnormals and huge arguments.
//
// Constants without a source are Remez fits for the relative error of the result.
#pragma once
#include "special.h"
#include "wide.h"

namespace TT_NS {
namespace fn {

// x = n ln 2 + r. For |x| up to 128.
struct Reduced {
  float r;
  float n;
  int32_t bits;  // n, above the bits of 1.5 * 2^23
};
TT_MATH Reduced reduce_exp(float x) {
  constexpr float kRounderF = 0x1.8p23f;
  const float shifted = fma(x, 1.44269504088896340736f, kRounderF);
  const float n = shifted - kRounderF;
  // ln 2 in two pieces, the first with zeros enough for n times it to be exact (Cephes).
  const float r = fma(n, 2.12194440054690583e-4f, fma(n, -0.693359375f, x));
  return {r, n, bits_of<int32_t>(shifted)};
}
// (e^r - 1 - r) / r² for |r| up to ln 2 / 2, to 2^-28.3 of e^r.
TT_MATH float exp_tail(float r) { return poly(r, 0.499999934f, 0.166665206f, 0.0416683879f, 0.00836871520f, 0.00138146020f); }
// 2^n for n from -126 to 127, given in the low bits of `n`.
TT_MATH float power_of_two(int32_t n) { return bits_of<float>((int32_t)(((uint32_t)n + 127) << 23)); }

TT_MATH float exp(float x) {
  // e^-104 rounds to 0, e^89 to infinity. Comparisons keep NaN.
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  const Reduced q = reduce_exp(x);
  const float p = fma(q.r * q.r, exp_tail(q.r), q.r) + 1.0f;
  // In two steps, since 2^n alone may be subnormal or infinite.
  const int32_t n = q.bits - 0x4b400000;
  const int32_t half = n >> 1;
  return p * power_of_two(half) * power_of_two(n - half);
}

// The same for x up to 0, where what is below 2^-43 counts as nothing: 2^n needs no care.
TT_MATH float exp_or_nothing(float x) {
  x = x < -30.0f ? -30.0f : x;
  const Reduced q = reduce_exp(x);
  return (fma(q.r * q.r, exp_tail(q.r), q.r) + 1.0f) * power_of_two(q.bits);  // the sum's other bits are shifted out
}

TT_MATH float log(float x) {
  const bool is_subnormal = x < 0x1p-126f;
  const float scaled = is_subnormal ? x * 0x1p23f : x;
  const uint32_t bits = bits_of<uint32_t>(scaled) + (0x3f800000u - 0x3f3504f3u);
  const float n = (float)((int32_t)(bits >> 23) - 127) - (is_subnormal ? 23.0f : 0.0f);
  const float f = bits_of<float>((bits & 0x007fffffu) + 0x3f3504f3u) - 1.0f;  // √½ - 1 to √2 - 1
  const float f2 = f * f;
  // Cephes logf.
  const float p = poly(f, 3.3333331174e-1f, -2.4999993993e-1f, 2.0000714765e-1f, -1.6668057665e-1f, 1.4249322787e-1f,
                       -1.2420140846e-1f, 1.1676998740e-1f, -1.1514610310e-1f, 7.0376836292e-2f);
  const float low = fma(n, -2.12194440e-4f, f * f2 * p);
  const float finite = fma(n, 0.693359375f, f + fma(f2, -0.5f, low));
  const float edge = x == 0 ? lowest<float>() : x > 0 ? x : not_a_number<float>();
  return (x > 0) & (x < highest<float>()) ? finite : edge;
}

// x + x³ P(x²) near zero (2^-29.7); beyond, (e^2x - 1) / (e^2x + 1) with e^2x - 1 = 2^n (e^r - 1) + (2^n - 1).
TT_MATH float tanh(float x) {
  const float x2 = x * x;
  const float near = fma(x * x2, poly(x2, -0.333333160f, 0.133325249f, -0.0538451701f, 0.0210396725f, -0.00622567361f), x);
  // As bits, because compilers make one instruction of that; so NaN is left to `near`, which has lost the sign of -0.
  const uint32_t bits = bits_of<uint32_t>(x) & 0x7fffffff, limit = 0x41200000;
  const Reduced q = reduce_exp(2.0f * bits_of<float>(bits < limit ? bits : limit));  // up to 10
  const float p = fma(q.r * q.r, exp_tail(q.r), q.r);
  const float scale = power_of_two(q.bits);  // the sum's other bits are shifted out
  const float m = fma(scale, p, scale - 1.0f);
  return copysign(!(x2 >= 0.3025f) ? near : m / (m + 2.0f), x);
}

// e / (1 + e) or 1 / (1 + e) with e = e^-|x| = 2^n (1 + t). What the sum 1 + e loses is made good in the numerator: times
// (1 + t) / (1 + e), which is 0.4 to 1.4.
TT_MATH float sigmoid(float x) {
  float a = -abs(x);
  a = a < -104.0f ? -104.0f : a;
  const Reduced q = reduce_exp(a);
  const float t = fma(q.r * q.r, exp_tail(q.r), q.r);
  const int32_t n = q.bits - 0x4b400000, half = n >> 1;
  const float scale = power_of_two(half) * power_of_two(n - half);  // subnormal at the end
  const float e = fma(scale, t, scale), sum = 1.0f + e, lost = e - (sum - 1.0f);
  return (x < 0 ? fma(scale, fma(lost, -0.8f, t), scale) : 1.0f) / sum;
}

// Which of two floats, without a branch that a compiler would lead through the code before and after.
TT_MATH float pick(uint32_t mask, float a, float b) {
  return bits_of<float>((bits_of<uint32_t>(a) & mask) | (bits_of<uint32_t>(b) & ~mask));
}

// x times sigmoid's, before its numerator is rounded; and the second half of 2^n comes last, where it may round to a subnormal.
TT_MATH float silu(float x) {
  const uint32_t bits = bits_of<uint32_t>(x), size = bits & 0x7fffffff, limit = 0x42dc0000, below = 0 - (bits >> 31);
  const Reduced q = reduce_exp(-bits_of<float>(size < limit ? size : limit));  // up to 110
  const float t = fma(q.r * q.r, exp_tail(q.r), q.r);
  const int32_t n = q.bits - 0x4b400000, half = n >> 1;
  const float first = power_of_two(half), rest = power_of_two(n - half), scale = first * rest;
  const float e = fma(scale, t, scale), sum = 1.0f + e, lost = e - (sum - 1.0f);
  const float part = (1.0f + t) * fma(sum, -0.5f, 1.457f);  // of `lost`: 1 / sum to 6 %
  const float u = x * first, numerator = pick(below, fma(u, fma(-lost, part, t), u), x);
  return numerator / sum * (x < -110.0f ? 0.0f : pick(below, rest, 1.0f));
}

TT_MATH float exp2(float x) { return (float)wide_exp(x * kLn2); }
TT_MATH float expm1(float x) { return (float)wide_expm1(x); }
TT_MATH float log2(float x) { return (float)(wide_log(x) * (1 / kLn2)); }
TT_MATH float log10(float x) { return (float)(wide_log(x) * 0.43429448190325182765); }
TT_MATH float log1p(float x) { return (float)wide_log1p(x); }
TT_MATH float logit(float x) { return (float)wide_logit(x); }

TT_MATH float sinh(float x) {
  const double a = abs((double)x), e = wide_exp(a);
  return (float)copysign(a < 0x1p-8 ? a * fma(a * a, 1.0 / 6, 1.0) : 0.5 * (e - 1 / e), (double)x);
}
TT_MATH float cosh(float x) {
  const double e = wide_exp(abs((double)x));
  return (float)(0.5 * (e + 1 / e));
}
TT_MATH float asinh(float x) {
  const double a = abs((double)x);
  const double inside = a + a * a / (1 + sqrt(fma(a, a, 1.0)));
  return (float)copysign(a > 0x1p120 ? wide_log(2 * a) : wide_log1p(inside), (double)x);
}
TT_MATH float acosh(float x) {
  const double t = (double)x - 1;
  return (float)(t < 0 ? not_a_number<double>() : wide_log1p(t + sqrt(t * (t + 2))));
}
TT_MATH float atanh(float x) {
  const double a = abs((double)x);
  return (float)copysign(0.5 * wide_log1p(2 * a / (1 - a)), (double)x);
}

TT_MATH float asin(float x) {
  const double w = x;
  return (float)wide_atan(w / sqrt((1 - w) * (1 + w)));
}
TT_MATH float acos(float x) {
  const double w = x;
  return (float)(2 * wide_atan(sqrt((1 - w) / (1 + w))));
}
TT_MATH float atan(float x) { return (float)wide_atan(x); }
TT_MATH float atan2(float y, float x) { return (float)wide_atan2(y, x); }

// `_near` is branch-free and right where `_far_sign` is not negative; a loop over a tile uses it if that holds for all elements.
TT_MATH int32_t angle_far_sign(float x) { return bits_of<int32_t>((float)kTrigLimit) - 1 - bits_of<int32_t>(abs(x)); }
TT_MATH float sin_near(float x) { return x == 0 ? x : (float)wide_sin(x); }
TT_MATH float cos_near(float x) { return (float)wide_cos(x); }
TT_MATH float tan_near(float x) { return x == 0 ? x : (float)wide_tan(x); }
TT_MATH float sin(float x) { return angle_far_sign(x) < 0 ? (float)__builtin_sin(x) : sin_near(x); }
TT_MATH float cos(float x) { return angle_far_sign(x) < 0 ? (float)__builtin_cos(x) : cos_near(x); }
TT_MATH float tan(float x) { return angle_far_sign(x) < 0 ? (float)__builtin_tan(x) : tan_near(x); }

// Juffa's: x·P(x²) near zero, 1 - exp(polynomial) beyond.
TT_MATH float erf(float x) {
  const float a = abs(x), x2 = x * x;
  const float near = fma(poly(x2, 1.28379166e-1f, -3.76125336e-1f, 1.12819925e-1f, -2.67681349e-2f, 4.99119423e-3f,
                              -5.96761703e-4f), x, x);
  const float high = fma(fma(-1.72853470e-5f, a, 3.83197126e-4f), x2, fma(-3.88396438e-3f, a, 2.42546219e-2f));
  const float far = 1.0f - exp_or_nothing(fma(poly(a, -1.28717512e-1f, -6.34846687e-1f, -1.06777877e-1f, high), a, -a));
  return a > 0.927734375f ? copysign(far, x) : near;
}
TT_MATH float erfc(float x) {
  const double w = x, a = abs(w), near = wide_erfc_positive(a > 12 ? 12 : a);
  return (float)(w < 0 ? 2 - near : near);
}

// x Φ(x) = max(x, 0) - a Φ(-a) with a = |x|, and Φ(-a) = ½ e^-y/2 with y = a² + ¾a + a m(a), where the polynomial m gives what erfcx
// asks for on [0, 5.21] (2^-28.3 of Φ; in a - 4, so that it cancels nowhere). Beyond 5.2 the second term is less than a unit of x
// above 0, and below 0 it is the result.
constexpr uint32_t kGeluLimit = 0x40a66666;  // 5.2
TT_MATH int32_t gelu_far_sign(float x) { return bits_of<int32_t>(x + 5.2f); }
TT_MATH float gelu_near(float x) {
  const uint32_t bits = bits_of<uint32_t>(x) & 0x7fffffff;
  const float a = bits_of<float>(bits < kGeluLimit ? bits : kGeluLimit), b = a - 4.0f, b2 = b * b;
  const float m = fma(b, poly(b2, -0.095565711f, -0.00156779993f, -2.24001133e-05f, -1.89056431e-07f, -4.75018337e-09f, 2.91065309e-10f),
                      poly(b2, 0.083477152f, 0.0122232375f, 0.00019384221f, 2.36573095e-06f, -6.57520885e-09f, -7.8604366e-10f));
  // y in two parts: with 11 bits of a, h, the first is exact.
  const float h = bits_of<float>(bits_of<uint32_t>(a) & 0xffffe000u), g = h + 0.75f, high = h * g;
  const float low = fma(m, a, (a - h) * (a + g));
  constexpr float kScaler = 0x1.8p23f + 126;  // leaves the exponent of 2^(n-1) in the low bits
  const float shifted = fma(high + low, -0.5f * 1.44269504088896340736f, kScaler), n = shifted - kScaler;
  const float r = fma(n, 2 * -2.12194440054690583e-4f, fma(n, 2 * 0.693359375f, high)) + low;
  // e^-r/2 - 1, by the coefficients of exp_tail.
  const float t = r * poly(r, -0.5f, 0.124999984f, -0.0208331508f, 0.00260427424f, -0.000261522350f, 2.15853157e-05f);
  const float s = a * bits_of<float>(bits_of<uint32_t>(shifted) << 23);
  return (x < 0 ? -0.0f : x) - fma(s, t, s);
}
TT_MATH float gelu_far(float x) {
  const double w = x;
  return (float)(w < -15 ? w * 0.0 : w * 0.5 * wide_erfc_positive(w * -0.70710678118654752440));
}
TT_MATH float gelu(float x) { return gelu_far_sign(x) < 0 ? gelu_far(x) : gelu_near(x); }

// Where e^x is nothing, x times 0: NaN for -inf.
TT_MATH float gelu_tanh(float x) {
  constexpr double kSlope = 1.59576912160573071176;  // 2 √(2/π)
  const double w = x, u = w * fma(w * w, 0.044715 * kSlope, kSlope);
  return (float)(w < -30 ? w * 0.0 : w / (1 + wide_exp(-u)));
}
// tanh(log(1 + e)) = ((1 + e)² - 1) / ((1 + e)² + 1).
TT_MATH float mish(float x) {
  const double w = x, e = wide_exp(w > 30 ? 30 : w), u = e * (e + 2);
  return (float)(w < -120 ? w * 0.0 : w * (u / (u + 2)));
}
TT_MATH float ndtr(float x) {
  const double w = x * 0.70710678118654752440, a = abs(w), tail = 0.5 * wide_erfc_positive(a > 12 ? 12 : a);
  return (float)(w < 0 ? tail : 1 - tail);
}

TT_MATH float pow(float x, float y) {
  const double wx = x, wy = y, a = abs(wx);
  const double log_of = (a > 0) & (a < highest<double>()) ? wide_log_positive(a) : a == 0 ? lowest<double>() : a;
  const double size = a == 1 ? 1 : wide_exp(wy * log_of);
  // Every float from 2^24 on is even, infinity too.
  const double half = 0.5 * wy;
  const bool is_whole = (trunc(wy) == wy) | (abs(wy) >= 0x1p24);
  const bool is_odd = is_whole & (trunc(half) != half) & (abs(wy) < 0x1p24);
  const bool is_below = bits_of<int64_t>(wx) < 0;
  const double with_sign = is_below & is_odd ? -size : size;
  const bool has_none = (wx < 0) & (wx > lowest<double>()) & !is_whole;
  const double value = has_none ? not_a_number<double>() : with_sign;
  return (y == 0) | (x == 1) ? 1.0f : (x != x) | (y != y) ? x + y : (float)value;
}

TT_MATH float hypot(float a, float b) {
  const double wa = a, wb = b, size = sqrt(fma(wa, wa, wb * wb));
  return (abs(a) == highest<float>()) | (abs(b) == highest<float>()) ? highest<float>() : (float)size;
}

TT_MATH float erfinv(float x) { return (float)inverse_erf(x); }
TT_MATH float lgamma(float x) { return (float)log_gamma(x); }
TT_MATH float digamma(float x) { return (float)psi(x); }

}  // namespace fn
}  // namespace TT_NS
