// The secular equation 1/ρ + Σ zⱼ² / (pⱼ − λ) = 0, on which both divide and conquer methods turn: its roots are the eigenvalues of
// diag(p) + ρ z zᵀ (Gu and Eisenstat 1994, 1995). Poles are p = d, or d² where singular values are sought.
#pragma once
#include "linalg_product.h"

namespace TT_NS {
namespace {

// The largest element of a matrix of two diagonals, the second shorter by one.
static double largest_of(const double* d, const double* e, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = larger(most, larger(magnitude(d[i]), i + 1 < n ? magnitude(e[i]) : 0));
  return most;
}

// Sets to zero what is so small beside the whole matrix that its square would leave the range of numbers.
static void drop_tiny(double* d, double* e, int64_t n) {
  const double tiny = 0x1p-200 * largest_of(d, e, n);
  for (int64_t i = 0; i < n; i++) {
    if (magnitude(d[i]) < tiny) d[i] = 0;
    if (magnitude(e[i]) < tiny) e[i] = 0;
  }
}

struct Secular : SecularEquation {
  double root(int64_t i) const {
    const double o = d[origin[i]];
    return squares ? o + offset[i] / (o + square_root(o * o + offset[i])) : o + offset[i];
  }
  // z over the poles less root i: of an eigenvector, or a right singular vector, all but its length.
  void vector(int64_t i, double* out) const { tt_linalg_kernels()->vector(this, i, out); }
  // All roots; z becomes that of which they are the roots to full precision, so that vectors made with it are orthogonal. False
  // without memory.
  bool solve() const { return tt_linalg_kernels()->solve(this); }
};

// Two vectors of a basis, replaced by c·a + s·b and c·b − s·a, so that the first has no part in z.
struct Turn {
  int64_t a, b;
  double c, s;
};

// Which of the poles d (n) take part, and how the others were put aside: those with no weight, and of each two that are equal
// one, after a rotation. `order` sorts d; `kept` takes the indices of poles that stay, `aside` the others.
struct Deflation {
  int64_t kept_count = 0, aside_count = 0, turn_count = 0;
  int64_t *kept, *aside;
  Turn* turns;

  // d and z change with the rotations. `fixed` is an index whose pole always stays, the least, or −1.
  void run(int64_t n, const int64_t* order, double* d, double* z, double weight, double tolerance, int64_t fixed) {
    for (int64_t k = 0; k < n; k++) {
      const int64_t i = order[k];
      if (i != fixed && magnitude(z[i]) * weight <= tolerance) {
        aside[aside_count++] = i;
        continue;
      }
      if (kept_count > 0 && kept[kept_count - 1] != fixed) {
        const int64_t j = kept[kept_count - 1];
        const double size = hypotenuse(z[i], z[j]), c = z[i] / size, s = -z[j] / size;
        if (magnitude((d[i] - d[j]) * c * s) <= tolerance) {
          turns[turn_count++] = {j, i, c, s};
          z[i] = size;
          z[j] = 0;
          const double left = d[j];
          d[j] = left * c * c + d[i] * s * s;
          d[i] = left * s * s + d[i] * c * c;
          aside[aside_count++] = j;
          kept_count--;
        }
      }
      kept[kept_count++] = i;
    }
  }

  // A vector in the basis that was turned becomes one in the basis from before.
  template <class R>
  void undo(R* x) const {
    for (int64_t t = turn_count - 1; t >= 0; t--) {
      const Turn& turn = turns[t];
      const double y = x[turn.a], w = x[turn.b];
      x[turn.a] = R(turn.c * y - turn.s * w);
      x[turn.b] = R(turn.s * y + turn.c * w);
    }
  }
};

// Sorts `order` by rising values. Few are out of place.
TT_APART void sort_order(const double* values, int64_t n, int64_t* order) {
  for (int64_t k = 1; k < n; k++) {
    const int64_t own = order[k];
    int64_t at = k;
    for (; at > 0 && values[order[at - 1]] > values[own]; at--) order[at] = order[at - 1];
    order[at] = own;
  }
}

}  // namespace
}  // namespace TT_NS
