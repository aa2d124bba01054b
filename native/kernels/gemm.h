// What a matrix product is, for all files of it.
//
//   C = alpha · A @ B + beta · D, then relu if asked for        A (m, k), B (k, n), C and D (m, n), any strides
//
// S is the type stored, T the type computed in: float for the half types, otherwise S itself.
#pragma once
#include "../abi.h"
#include "../half.h"
#include "../isa.h"
#include "whole_numbers.h"

namespace TT_NS {
namespace {

template <class S>
struct Matrix {
  S* data;
  int64_t row_stride;  // in elements
  int64_t col_stride;

  __attribute__((always_inline)) S* at(int64_t row, int64_t col) const {
    return data + row * row_stride + col * col_stride;
  }
  __attribute__((always_inline)) Matrix transposed() const { return {data, col_stride, row_stride}; }
};

template <class S, class T>
struct Product {
  int64_t m, n, k;
  Matrix<const S> a, b;
  Matrix<S> c;
  Matrix<const S> d;  // d.data is null if there is none
  T alpha, beta;
  bool relu;

  // Cᵀ = Bᵀ @ Aᵀ
  Product transposed() const {
    return {n, m, k, b.transposed(), a.transposed(), c.transposed(), d.transposed(), alpha, beta, relu};
  }
  // Whether C is the plain sum, but for relu.
  bool is_plain() const { return alpha == 1 && !d.data; }
  // Whether C is the sum and D, whose rows lie along memory, but for relu.
  bool adds_rows() const { return alpha == 1 && beta == 1 && d.data && d.col_stride == 1; }
};

template <class A, class B>
inline constexpr bool same_type = false;
template <class A>
inline constexpr bool same_type<A, A> = true;

template <class T>
TT_INLINE T widen(T value) { return value; }
TT_INLINE float widen(Float16 value) { return to_float(value); }
TT_INLINE float widen(BFloat16 value) { return to_float(value); }

template <class S>
struct Narrow {
  template <class T>
  static __attribute__((always_inline)) S from(T value) { return (S)value; }
};
template <>
struct Narrow<Float16> {
  static __attribute__((always_inline)) Float16 from(float value) { return to_float16(value); }
};
template <>
struct Narrow<BFloat16> {
  static __attribute__((always_inline)) BFloat16 from(float value) { return to_bfloat16(value); }
};

// Elements along k that one element of a packed panel holds.
template <class P>
inline constexpr int64_t elements_of = 1;

// Negative values become 0, NaN stays.
template <class T>
TT_INLINE T relu_of(T value) { return value < 0 ? T(0) : value; }

}  // namespace
}  // namespace TT_NS
