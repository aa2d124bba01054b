// What linear algebra spends its time on: products, c -= a b, triangles, A⁻¹ b, rotations, panels, and the secular equation. This is
// compiled for each instruction set (kernels/linalg.cc), the factorizations around it once (portable/linalg_*.cc), and here they meet.
#pragma once
#include <stdint.h>

struct SecularEquation {
  int64_t count;
  const double* d;  // strictly rising
  double* z;
  double inverse_rho;
  bool squares;
  int64_t* origin;  // for each root, the nearer of the poles beside it,
  double* offset;   // and how far it is from there: differences with poles are exact to rounding
};

struct LinalgKernels {
  void (*subtract)(int dtype, bool alone, bool conjugate, void* c, int64_t ldc, const void* a, int64_t rows, int64_t columns,
                   const void* b, int64_t ldb, int64_t m, int64_t n, int64_t k);
  void (*triangle)(int dtype, bool conjugate, const void* a, int64_t rows, int64_t columns, bool lower, bool unit, void* b,
                   int64_t ldb, int64_t n, int64_t k);
  void (*dots)(int dtype, const void* a, int64_t lda, int64_t count, const void* x, int64_t n, void* out);
  void (*turn)(int dtype, void* a, void* b, double c, double s, int64_t n);
  // Of linalg_panels.h, for real numbers.
  int64_t (*cholesky)(int dtype, void* panel, int64_t width, int64_t length);
  int64_t (*lu)(int dtype, void* panel, int64_t width, int64_t height, int64_t* pivots);
  void (*qr)(int dtype, void* panel, int64_t width, int64_t height, void* tau);
  bool (*solve)(const SecularEquation* equation);
  void (*vector)(const SecularEquation* equation, int64_t root, double* out);
};

extern "C" {

// Those of the instruction set in use, as the entry linalg_start says (any that the processor knows would do).
const LinalgKernels* tt_linalg_kernels(void);
void tt_use_linalg_kernels(const LinalgKernels* kernels);

// Says that a matrix product had no memory, so that what it was for is worth nothing; asks whether that happened since it was last asked.
void tt_fail_linalg(void);
bool tt_linalg_failed(void);
}
