// QR factorization by Householder reflectors, H = I − τ v vᴴ with v = (1, …), with LAPACK's signs.
//
// linalg_geqrf: [dtype, batch, m, n; a, tau]     a becomes R and, below the diagonal, the v; Q = H₀ H₁ …
// linalg_apply_reflectors: [dtype, batch, m, n, k, columns, adjoint, identity; a, tau, c]
//   c (m × n) becomes Q c or Qᴴ c, with the k reflectors that lie in a (m × columns). identity: c is made the identity first,
//   so that it becomes the first columns of Q.
#include "linalg_block_reflector.h"
#include "linalg_panels.h"

namespace TT_NS {
namespace {

template <class T>
TT_APART void geqrf(T* a, int64_t m, int64_t n, T* tau, T* memory) {
  const int64_t rank = smaller(m, n);
  for (int64_t begin = 0; begin < rank; begin += kReflectors) {
    const Block<T> block(memory, smaller(kReflectors, rank - begin), m - begin);
    const int64_t height = block.height;
    T *const corner = a + begin * (n + 1), *const v = block.v;
    for (int64_t i = 0; i < height; i++)
      for (int64_t j = 0; j < block.count; j++) v[j * height + i] = corner[i * n + j];
    if constexpr (Complex<T>)
      qr_panel(v, block.count, height, tau + begin);
    else
      tt_linalg_kernels()->qr(dtype_of<T>(), v, block.count, height, tau + begin);
    for (int64_t i = 0; i < height; i++)
      for (int64_t j = 0; j < block.count; j++) corner[i * n + j] = v[j * height + i];
    for (int64_t j = 0; j < block.count; j++)
      for (int64_t i = 0; i <= j; i++) v[j * height + i] = from_real<T>(i == j ? 1 : 0);
    if (begin + block.count == n) continue;
    block.couple(tau + begin);
    block.apply(true, corner + block.count, n, n - begin - block.count);
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
  const bool known = switch_three(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * smaller(m, n), [&](int64_t i) {
      Scratch<T> work(Block<T>::room(m, n));
      if (!work.data) {
        memory = false;
        return;
      }
      geqrf(reinterpret_cast<T*>(data) + i * m * n, m, n, reinterpret_cast<T*>(factors) + i * smaller(m, n), work.data);
    });
  });
  return outcome(known, memory);
}

TT_ENTRY(linalg_apply_reflectors) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t batch = reader.integer(), m = reader.integer(), n = reader.integer(), k = reader.integer();
  const int64_t columns = reader.integer();
  const bool adjoint = reader.integer() != 0, identity = reader.integer() != 0;
  const char* const data = reader.address<char>();
  const char* const factors = reader.address<char>();
  char* const right = reader.address<char>();
  bool memory = true;
  const bool known = switch_three(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_matrix(batch, m * n * k, [&](int64_t i) {
      Scratch<T> work(Block<T>::room(m, n));
      if (!work.data) {
        memory = false;
        return;
      }
      T* const c = reinterpret_cast<T*>(right) + i * m * n;
      if (identity)
        for (int64_t r = 0; r < m; r++)
          for (int64_t j = 0; j < n; j++) c[r * n + j] = from_real<T>(r == j ? 1 : 0);
      apply_reflectors(reinterpret_cast<const T*>(data) + i * m * columns, columns, 1,
                       reinterpret_cast<const T*>(factors) + i * k, k, adjoint, c, n, m, n, identity, work.data);
    });
  });
  return outcome(known, memory);
}
