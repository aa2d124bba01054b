// The incomplete gamma functions P(a, x) = γ(a, x)/Γ(a) and Q = 1 - P: the power series, the continued fraction, and for
// large a near x the uniform expansion of Temme.
#include "constants.h"
#include "scalar.h"

#if defined(__unix__) || defined(__APPLE__)
extern "C" double lgamma_r(double, int*) noexcept;  // lgamma itself writes a global
#endif

namespace {

struct PQ {
  double p, q;
};

double log_gamma(double x) {
#if defined(__unix__) || defined(__APPLE__)
  int sign;
  return ::lgamma_r(x, &sign);
#else
  return __builtin_lgamma(x);
#endif
}

// μ - log(1 + μ), by log(1 + μ) = 2 artanh(μ / (2 + μ)).
double log_excess(double mu) {
  if (mu < -0.7 || mu > 2) return mu - __builtin_log1p(mu);
  const double y = mu / (2 + mu), z = y * y;
  double sum = 0, power = 1;
  for (int k = 3; power > 1e-18; k += 2, power *= z) sum += power / k;
  return y * (mu - 2 * z * sum);
}

// log Γ(1 + a) for 0 ≤ a ≤ 1: -log(1 + a) + a (1 - γ) + Σ (-1)^k (ζ(k) - 1) a^k / k, exact where a is tiny.
double log_gamma_1p(double a) {
  // ζ(k) - 1 for k = 2, 3, … (mpmath.zeta)
  static constexpr double kZeta[] = {
      0.64493406684822644,    0.20205690315959429,    0.082323233711138192,   0.036927755143369926,
      0.01734306198444914,    0.0083492773819228268,  0.0040773561979443394,  0.0020083928260822144,
      0.00099457512781808534, 0.00049418860411946456, 0.0002460865533080483,  0.00012271334757848915,
      6.1248135058704829e-5,  3.0588236307020494e-5,  1.5282259408651872e-5,  7.6371976378997623e-6,
      3.8172932649998399e-6,  1.9082127165539389e-6,  9.5396203387279611e-7,  4.7693298678780646e-7,
      2.3845050272773299e-7,  1.1921992596531107e-7,  5.960818905125948e-8,   2.980350351465228e-8,
      1.4901554828365041e-8,  7.4507117898354295e-9,  3.7253340247884571e-9,  1.862659723513049e-9,
  };
  double sum = 0, power = a;
  int k = 2;
  for (const double zeta : kZeta) {
    power *= -a;
    sum -= zeta * power / k++;
  }
  return sum + a * (1 - kEulerGamma) - __builtin_log1p(a);
}

// x^a e^-x / Γ(a + 1).
double prefactor(double a, double x) {
  if (a < 20) {
    if (x > 600) return __builtin_exp(a * __builtin_log(x) - x - log_gamma(a + 1));
    return __builtin_pow(x, a) * __builtin_exp(-x) / __builtin_tgamma(a + 1);
  }
  // By Stirling: Γ(a + 1) = √(2πa) (a/e)^a e^(1/12a - 1/360a³ + …).
  const double z = 1 / (a * a), ratio = x / a;
  const double stirling = (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z / 1188)))) / a;
  const double excess = ratio < 0.3 ? ratio - 1 - __builtin_log(ratio) : log_excess((x - a) / a);
  return __builtin_exp(-a * excess - stirling) / __builtin_sqrt(2 * kPi * a);
}

// P = x^a e^-x / Γ(a+1) Σ x^n / ((a+1) … (a+n)).
double p_series(double a, double x) {
  double term = 1, sum = 1;
  for (double n = a + 1; term > 1e-17 * sum; n += 1) {
    term *= x / n;
    sum += term;
  }
  return prefactor(a, x) * sum;
}

// Q = x^a e^-x / Γ(a) · 1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - …))), by Lentz's method.
double q_fraction(double a, double x) {
  const double front = prefactor(a, x) * a;
  if (front == 0) return 0;
  double b = x + 1 - a, c = kInfinity, d = 1 / b, f = d;
  for (int n = 1; n < 10000; n++) {
    const double numerator = n * (a - n);
    b += 2;
    d = b + numerator * d;
    c = b + numerator / c;
    if (d == 0) d = 1e-300;
    if (c == 0) c = 1e-300;
    d = 1 / d;
    const double change = c * d;
    f *= change;
    if (__builtin_fabs(change - 1) < 1e-16) break;
  }
  return front * f;
}

// Q = 1 - x^a/Γ(a+1) - a x^a/Γ(a+1) Σ (-x)^n / (n! (a+n)) for small x, where P is near 1.
double q_series(double a, double x) {
  double power = 1, sum = 0;
  for (int n = 1; n < 40; n++) {
    power *= -x / n;
    sum += power / (a + n);
  }
  const double log_front = a * __builtin_log(x) - (a < 1 ? log_gamma_1p(a) : log_gamma(a + 1));
  return -__builtin_expm1(log_front) - a * __builtin_exp(log_front) * sum;
}

// Gil, Segura & Temme, "Efficient and accurate algorithms for the computation and inversion of the incomplete gamma function
// ratios" (2012): Q = ½ erfc(η √(a/2)) + R, where ½η² = λ - 1 - log λ, λ = x/a, and R = e^(-aη²/2) / √(2πa) · S.
// S is a power series of η. Its equation S′ - aηS = a (1 - f/Γ*), with f = η/(λ-1) = Σ d_n η^n, gives its coefficients
// downwards: β_{n-1} = (n+1) β_{n+1} / a + d_n, S = a/(a + β_1) Σ β_n η^n.
constexpr double kTemme[] = {
    // d_n: the reciprocal of (λ-1)/η = Σ α_{n+1} η^n, where (1 + μ) η = μ μ′ gives the α_n (computed with 40 digits)
    1.0, -0.33333333333333333, 0.083333333333333333, -0.014814814814814815, 0.0011574074074074074,
    0.0003527336860670194, -0.00017875514403292181, 3.9192631785224378e-5, -2.1854485106799922e-6,
    -1.85406221071516e-6, 8.296711340953086e-7, -1.7665952736826079e-7, 6.7078535434014986e-9,
    1.0261809784240308e-8, -4.3820360184533532e-9, 9.1476995822367902e-10, -2.551419399494625e-11,
    -5.8307721325504251e-11, 2.4361948020667416e-11, -5.0276692801141756e-12, 1.1004392031956135e-13,
    3.3717632624009854e-13, -1.3923887224181621e-13, 2.8534893807047443e-14, -5.1391118342425726e-16,
    -1.9752288294349443e-15, 8.0995211567045613e-16, -1.6522531216398162e-16, 2.5305430097478884e-18,
    1.1686939738559577e-17, -4.7700370498204848e-18, 9.6991260590562371e-19, -1.2932565538038175e-20,
    -6.9692302531856934e-20,
};

PQ uniform(double a, double mu) {
  constexpr int n = sizeof kTemme / sizeof *kTemme;
  const double half = log_excess(mu), eta = __builtin_copysign(__builtin_sqrt(2 * half), mu);
  double beta[n + 2] = {};
  for (int i = n - 1; i > 0; i--) beta[i - 1] = (i + 1) * beta[i + 1] / a + kTemme[i];
  double sum = 0;
  for (int i = n - 2; i >= 0; i--) sum = sum * eta + beta[i];
  const double r = a / (a + beta[1]) * sum / __builtin_sqrt(2 * kPi * a);
  const double size = __builtin_exp(-a * half), z = __builtin_fabs(eta) * __builtin_sqrt(a / 2);
  const double tail = size * (tt_erfcx(z) / 2 + (eta < 0 ? -r : r));
  return eta < 0 ? PQ{tail, 1 - tail} : PQ{1 - tail, tail};
}

// For the edges of the domain, PyTorch's answers.
PQ incomplete_gamma(double a, double x) {
  const PQ none = {kNaN, kNaN};
  if (a < 0 || x < 0) return none;
  if (a == 0) return x > 0 ? PQ{1, 0} : none;
  if (x == 0) return {0, 1};
  if (a == kInfinity) return x == kInfinity ? none : PQ{0, 1};
  if (x == kInfinity) return {1, 0};
  if (a != a || x != x) return none;
  const double mu = (x - a) / a;
  if (a > 20 && mu > -0.6 && mu < 1.2) return uniform(a, mu);
  if (x <= 1.1) {
    const double p = p_series(a, x);
    return a < x || p > 0.5 ? PQ{p, q_series(a, x)} : PQ{p, 1 - p};
  }
  if (x < a) {
    const double p = p_series(a, x);
    return {p, 1 - p};
  }
  const double q = q_fraction(a, x);
  return {1 - q, q};
}

}  // namespace

double tt_igamma(double a, double x) { return incomplete_gamma(a, x).p; }
double tt_igammac(double a, double x) { return incomplete_gamma(a, x).q; }
