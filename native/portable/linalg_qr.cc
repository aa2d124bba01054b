// QR factorization by Householder reflectors, H = I − τ v vᴴ with v = (1, …), with LAPACK's signs.
//
// linalg_geqrf: [dtype, batch, m, n; a, tau]     a becomes R and, below the diagonal, the v; Q = H₀ H₁ …
//   In double precision.
#include "linalg.h"
#include "linalg_reflector.h"

namespace TT_NS {
namespace {

template <class T>
TT_APART void geqrf(T* a, int64_t m, int64_t n, T* tau, T* work) {
  T* const v = work;
  T* const w = work + m;
  for (int64_t i = 0; i < smaller(m, n); i++) {
    for (int64_t r = i; r < m; r++) v[r - i] = a[r * n + i];
    tau[i] = make_reflector(v, m - i);
    for (int64_t r = i; r < m; r++) a[r * n + i] = v[r - i];
    v[0] = from_real<T>(1);
    reflect_rows(conj_of(tau[i]), v, a + i * n + i + 1, n, m - i, n - i - 1, w);
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(linalg_geqrf) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), m = reader.integer(), n = reader.integer();
  char* const data = reader.address<char>();
  char* const factors = reader.address<char>();
  bool memory = true;
  const bool known = switch_double(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * smaller(m, n), [&](int64_t i) {
      Scratch<T> work(m + n);
      if (!work.data) {
        memory = false;
        return;
      }
      geqrf(reinterpret_cast<T*>(data) + i * m * n, m, n, reinterpret_cast<T*>(factors) + i * smaller(m, n), work.data);
    });
  });
  return !known ? TT_UNSUPPORTED_DTYPE : memory ? TT_OK : TT_OUT_OF_MEMORY;
}
