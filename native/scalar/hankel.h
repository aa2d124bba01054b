// The asymptotic series that all Bessel functions of large argument share: the terms
// a_k = (μ - 1²)(μ - 3²) … (μ - (2k-1)²) / (k! (8x)^k) with μ = 4ν². They fall until k is about 2x, where they are e^(-2x).
#pragma once

struct HankelSum {
  double even, odd;  // Σ a_2k and Σ a_2k+1, signed by `alternate`
};

// With `alternate`, every second term of each sum is negative (x is on the imaginary axis of the modified functions).
static inline HankelSum hankel_sum(double mu, double x, bool alternate) {
  const double sign = alternate ? -1 : 1;
  HankelSum sum = {1, 0};
  double term = 1;
  for (int k = 1; k < 40; k++) {
    const double odd = 2 * k - 1;
    const double next = term * ((mu - odd * odd) / (8 * k * x));
    if (!(__builtin_fabs(next) < __builtin_fabs(term)) || __builtin_fabs(next) < 1e-19) break;
    term = next;
    const double signed_term = k & 2 ? sign * term : term;
    if (k & 1) sum.odd += signed_term;
    else sum.even += signed_term;
  }
  return sum;
}
