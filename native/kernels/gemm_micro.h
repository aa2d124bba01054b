// The inner loop of a matrix product: a tile of sums held in registers, one step of k at a time.
// B comes as vectors, A one element at a time, broadcast. Everything around it exists to feed this loop.
#pragma once
#include "gemm.h"

namespace TT_NS {
namespace {

template <class T>
struct Tile {
  static constexpr int lanes = Vec<T>::lanes;
  static constexpr int vectors = 2;
  // Sums for 14 x 2 (of 32 registers) or 6 x 2 (of 16), leaving room for two vectors of B and the broadcast of A.
#if defined(__wasm__)
  // Engines keep registers for themselves. V8 on x86-64, 64 x 784 x 512: 36 GFLOP/s with 4 rows, 26 with 6; relaxed 47 and 25.
  static constexpr int rows = 4;
#else
  static constexpr int rows = TT_VECTOR_REGISTERS == 32 ? 14 : 6;
#endif
  static constexpr int cols = vectors * lanes;
  // Elements between two steps of k in a packed panel of A: whole vectors.
  static constexpr int packed_rows = (rows + lanes - 1) / lanes * lanes;
};

constexpr int prefetch_steps = 12;

// What a tile's sums are added to: rows in memory, which may be the tile's own; null if there is nothing.
template <class T>
struct Addend {
  const T* data;
  int64_t row_stride;
};

// tile (mr, vectors · lanes) = A (mr, k) @ B (k, vectors · lanes) + addend. A is read where it lies (rows `a_stride` apart,
// k contiguous) or turned, as in a packed panel (steps of k `a_stride` apart, rows contiguous); rows of B are `b_stride` apart,
// rows of the tile `tile_stride`.
template <class T, int mr, int vectors, bool packed>
__attribute__((noinline)) void micro(int64_t k, const T* a, int64_t a_stride, const T* b, int64_t b_stride, T* tile,
                                     int64_t tile_stride, Addend<T> addend) {
  typedef typename Vec<T>::type V;
  constexpr int lanes = Vec<T>::lanes;
  V sums[mr][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) sums[i][j] = V{};

  // The tile is needed when the sums are done: until then it has time to come.
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++)
    for (int j = 0; j < vectors; j++) __builtin_prefetch(tile + i * tile_stride + j * lanes, 1);

  // One base pointer for three rows: the other two are reached by the stride, once and twice, in the address.
  const T* rows[(mr + 2) / 3];
  for (int i = 0; i < (mr + 2) / 3; i++) rows[i] = a + 3 * i * a_stride;

  for (int64_t p = 0; p < k; p++) {
    V row_of_b[vectors];
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) row_of_b[j] = load<T>(b + j * lanes);
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++) {
      const V element = broadcast<T>(packed ? a[i] : rows[i / 3][(i % 3) * a_stride]);
#pragma GCC unroll 2
      for (int j = 0; j < vectors; j++) sums[i][j] = multiply_add(element, row_of_b[j], sums[i][j]);
    }
    for (int j = 0; j < vectors; j++) __builtin_prefetch(b + prefetch_steps * b_stride + j * lanes);
    b += b_stride;
    if (packed) {
      __builtin_prefetch(a + prefetch_steps * a_stride);
      a += a_stride;
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < (mr + 2) / 3; i++) rows[i]++;
    }
  }

  if (addend.data) {
#pragma GCC unroll 16
    for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
      for (int j = 0; j < vectors; j++) sums[i][j] = load<T>(addend.data + i * addend.row_stride + j * lanes) + sums[i][j];
  }
#pragma GCC unroll 16
  for (int i = 0; i < mr; i++)
#pragma GCC unroll 2
    for (int j = 0; j < vectors; j++) store<T>(tile + i * tile_stride + j * lanes, sums[i][j]);
}

template <class T>
using MicroKernel = void (*)(int64_t, const T*, int64_t, const T*, int64_t, T*, int64_t, Addend<T>);

// The kernel for a tile of `rows` rows and 1 or 2 vectors.
template <class T, int mr = Tile<T>::rows>
MicroKernel<T> find_micro(int rows, int vectors, bool packed) {
  if constexpr (mr == 0) {
    return nullptr;
  } else {
    if (rows != mr) return find_micro<T, mr - 1>(rows, vectors, packed);
    if (vectors == 1) return packed ? micro<T, mr, 1, true> : micro<T, mr, 1, false>;
    return packed ? micro<T, mr, 2, true> : micro<T, mr, 2, false>;
  }
}

// The kernel for packed panels of P.
template <class P>
struct Micro {
  static MicroKernel<P> find(int rows, int vectors, bool packed) { return find_micro<P>(rows, vectors, packed); }
};

}  // namespace
}  // namespace TT_NS
