// Factorizations of a few columns, which lie as rows so that loops run along them: real ones are compiled for each instruction set, in
// kernels/linalg.cc, complex ones once.
#pragma once
#include "linalg_product.h"
#include "linalg_reflector.h"

namespace TT_NS {
namespace {

// Of Lᴴ's rows, `length` numbers each from the first's diagonal on. The order of the first minor that is not positive, or 0.
template <class T>
TT_APART int64_t cholesky_panel(T* panel, int64_t width, int64_t length) {
  for (int64_t j = 0; j < width; j++) {
    T* const row = panel + j * length;
    const double pivot = real_of(row[j]);
    if (!(pivot > 0)) return j + 1;
    const Real<T> root = Real<T>(square_root(pivot));
    row[j] = from_real<T>(root);
    for (int64_t i = j + 1; i < length; i++) row[i] = row[i] / root;
    for (int64_t p = j + 1; p < width; p++) {
      T* __restrict to = panel + p * length;
      const T factor = conj_of(row[p]);
      for (int64_t i = p; i < length; i++) to[i] -= factor * row[i];
    }
  }
  return 0;
}

// The first of the largest elements of x, as LAPACK compares them; 0 if the first is NaN.
template <class T>
static int64_t pivot_of(const T* x, int64_t n) {
  constexpr int64_t kParts = 16;
  Real<T> most[kParts];
  const auto size = [&](int64_t i) { return Real<T>(magnitude(real_of(x[i])) + magnitude(imag_of(x[i]))); };
  for (int64_t j = 0; j < kParts; j++) most[j] = size(0);
  int64_t i = 0;
  for (; i + kParts <= n; i += kParts)
    for (int64_t j = 0; j < kParts; j++) most[j] = larger(most[j], size(i + j));
  for (; i < n; i++) most[0] = larger(most[0], size(i));
  for (int64_t j = 1; j < kParts; j++) most[0] = larger(most[0], most[j]);
  for (i = 0; i < n; i++)
    if (size(i) == most[0]) return i;
  return 0;
}

// With partial pivoting; pivots count from 0. The first diagonal element that is zero, from 1, or 0.
template <class T>
TT_APART int64_t lu_panel(T* panel, int64_t width, int64_t height, int64_t* pivots) {
  int64_t info = 0;
  for (int64_t j = 0; j < width; j++) {
    T* const column = panel + j * height;
    const int64_t best = pivots[j] = j + pivot_of(column + j, height - j);
    if (best != j)
      for (int64_t q = 0; q < width; q++) exchange(panel[q * height + j], panel[q * height + best]);
    const T pivot = column[j];
    if (is_zero(pivot)) {
      if (info == 0) info = j + 1;
      continue;
    }
    for (int64_t i = j + 1; i < height; i++) column[i] = column[i] / pivot;
    for (int64_t q = j + 1; q < width; q++) {
      T* __restrict to = panel + q * height;
      const T factor = to[j];
      for (int64_t i = j + 1; i < height; i++) to[i] -= factor * column[i];
    }
  }
  return info;
}

// By reflectors, at most 32.
template <class T>
TT_APART void qr_panel(T* panel, int64_t width, int64_t height, T* tau) {
  for (int64_t j = 0; j < width; j++) {
    T* const x = panel + j * height + j;
    tau[j] = make_reflector(x, height - j);
    const T head = x[0];
    x[0] = from_real<T>(1);
    T inner[32];
    dot_rows(x + height, height, width - j - 1, x, height - j, inner);
    for (int64_t q = 1; q < width - j; q++) {
      T* __restrict to = x + q * height;
      const T share = conj_of(tau[j]) * inner[q - 1];
      for (int64_t i = 0; i < height - j; i++) to[i] -= share * x[i];
    }
    x[0] = head;
  }
}

}  // namespace
}  // namespace TT_NS
