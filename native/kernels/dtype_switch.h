// Reading arguments, walking strided operands and switching on dtypes: what the kernels of random, index, sort, scan,
// softmax, loss, arg_reduce and join share. Everything has internal linkage, so nothing is merged between instruction sets.
#pragma once
#include <stdint.h>
#include <string.h>

#include "../abi.h"
#include "../args.h"
#include "../half.h"
#include "../isa.h"
#include "../threads.h"

namespace TT_NS {
namespace {

constexpr int kMaxDims = 64;

struct c64 {
  float re, im;
};
struct c128 {
  double re, im;
};
struct bool8 {
  uint8_t bits;
};
typedef Float16 f16;
typedef BFloat16 bf16;

template <typename To, typename From>
TT_INLINE To bit_cast_to(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}

// The type a value of T is computed in: float for half types, T itself otherwise.
template <typename T>
struct ComputeOf {
  using type = T;
};
template <>
struct ComputeOf<f16> {
  using type = float;
};
template <>
struct ComputeOf<bf16> {
  using type = float;
};
template <>
struct ComputeOf<bool8> {
  using type = int64_t;
};
template <typename T>
using Compute = typename ComputeOf<T>::type;

template <typename T>
struct IsComplex {
  static constexpr bool value = false;
};
template <>
struct IsComplex<c64> {
  static constexpr bool value = true;
};
template <>
struct IsComplex<c128> {
  static constexpr bool value = true;
};

template <typename A, typename B>
struct SameType {
  static constexpr bool value = false;
};
template <typename A>
struct SameType<A, A> {
  static constexpr bool value = true;
};
template <typename A, typename B>
constexpr bool same = SameType<A, B>::value;
template <typename T>
constexpr bool is_half = same<T, f16> || same<T, bf16>;
template <typename T>
constexpr bool is_float = same<T, float> || same<T, double> || is_half<T>;

template <typename T>
TT_INLINE Compute<T> widen(T x) {
  if constexpr (is_half<T>)
    return to_float(x);
  else if constexpr (same<T, bool8>)
    return x.bits != 0;
  else
    return x;
}
template <typename T>
TT_INLINE T narrow(Compute<T> x) {
  if constexpr (same<T, f16>)
    return to_float16(x);
  else if constexpr (same<T, bf16>)
    return to_bfloat16(x);
  else if constexpr (same<T, bool8>)
    return {uint8_t(x != 0)};
  else
    return x;
}

// Float to integer as the x86 instructions do it: what does not fit in 64 bits gives INT64_MIN, never undefined behaviour.
TT_INLINE int64_t to_int64(double x) {
  return x >= -0x1p63 && x < 0x1p63 ? int64_t(x) : int64_t(uint64_t(1) << 63);
}

// Any dtype to any other, as `Tensor.to`: complex to real drops the imaginary part, to bool asks for non-zero.
template <typename To, typename From>
TT_INLINE To convert(From from) {
  if constexpr (same<To, From>) {
    return from;
  } else if constexpr (IsComplex<From>::value) {
    if constexpr (same<To, bool8>)
      return {uint8_t(from.re != 0 || from.im != 0)};
    else if constexpr (same<To, c64>)
      return {float(from.re), float(from.im)};
    else if constexpr (same<To, c128>)
      return {double(from.re), double(from.im)};
    else
      return convert<To>(from.re);
  } else {
    const Compute<From> x = widen(from);
    if constexpr (same<To, bool8>)
      return {uint8_t(x != 0)};
    else if constexpr (same<To, c64>)
      return {float(x), 0};
    else if constexpr (same<To, c128>)
      return {double(x), 0};
    else if constexpr (same<To, f16>)
      return to_float16(float(x));
    else if constexpr (same<To, bf16>)
      return to_bfloat16(float(x));
    else if constexpr (same<To, float> || same<To, double>)
      return To(x);
    else if constexpr (same<Compute<From>, float> || same<Compute<From>, double>)
      return To(to_int64(double(x)));
    else
      return To(x);
  }
}

template <typename T>
struct TypeTag {
  using type = T;
};

// Calls f(TypeTag<T>{}) with the element type of a dtype; false for an unknown dtype.
template <typename F>
TT_INLINE bool switch_float(int dtype, F f) {
  switch (dtype) {
    case TT_FLOAT16: f(TypeTag<f16>{}); return true;
    case TT_BFLOAT16: f(TypeTag<bf16>{}); return true;
    case TT_FLOAT32: f(TypeTag<float>{}); return true;
    case TT_FLOAT64: f(TypeTag<double>{}); return true;
    default: return false;
  }
}
template <typename F>
TT_INLINE bool switch_real(int dtype, F f) {
  switch (dtype) {
    case TT_UINT8: f(TypeTag<uint8_t>{}); return true;
    case TT_INT8: f(TypeTag<int8_t>{}); return true;
    case TT_INT16: f(TypeTag<int16_t>{}); return true;
    case TT_INT32: f(TypeTag<int32_t>{}); return true;
    case TT_INT64: f(TypeTag<int64_t>{}); return true;
    case TT_BOOL: f(TypeTag<bool8>{}); return true;
    default: return switch_float(dtype, f);
  }
}
template <typename F>
TT_INLINE bool switch_any(int dtype, F f) {
  switch (dtype) {
    case TT_COMPLEX64: f(TypeTag<c64>{}); return true;
    case TT_COMPLEX128: f(TypeTag<c128>{}); return true;
    default: return switch_real(dtype, f);
  }
}

struct bytes16 {
  uint64_t words[2];
};
// By size alone, for kernels that only move elements.
template <typename F>
TT_INLINE bool switch_size(int64_t itemsize, F f) {
  switch (itemsize) {
    case 1: f(TypeTag<uint8_t>{}); return true;
    case 2: f(TypeTag<uint16_t>{}); return true;
    case 4: f(TypeTag<uint32_t>{}); return true;
    case 8: f(TypeTag<uint64_t>{}); return true;
    case 16: f(TypeTag<bytes16>{}); return true;
    default: return false;
  }
}

TT_INLINE int64_t itemsize_of(int dtype) {
  switch (dtype) {
    case TT_UINT8: case TT_INT8: case TT_BOOL: return 1;
    case TT_INT16: case TT_FLOAT16: case TT_BFLOAT16: return 2;
    case TT_INT32: case TT_FLOAT32: return 4;
    case TT_INT64: case TT_FLOAT64: case TT_COMPLEX64: return 8;
    case TT_COMPLEX128: return 16;
    default: return 0;
  }
}

// What an entry reports beside its status goes over the first argument slots, where the wrapper reads it.
TT_INLINE void answer(const double* args, int slot, double value) { const_cast<double*>(args)[slot] = value; }

struct Operand {
  char* data;
  int dtype;
  int64_t strides[kMaxDims];
};

TT_INLINE void read_sizes(ArgReader& a, int ndim, int64_t* sizes) {
  for (int d = 0; d < ndim; d++) sizes[d] = a.integer();
}
// address, dtype, strides[ndim]
TT_INLINE void read_operand(ArgReader& a, int ndim, Operand& operand) {
  operand.data = a.template address<char>();
  operand.dtype = int(a.integer());
  for (int d = 0; d < ndim; d++) operand.strides[d] = a.integer();
}

TT_INLINE int64_t product(const int64_t* sizes, int ndim) {
  int64_t n = 1;
  for (int d = 0; d < ndim; d++) n *= sizes[d];
  return n;
}

// Walks an index space in row-major order, keeping an element offset for each of N operands.
template <int N>
struct Walk {
  int ndim;
  const int64_t* sizes;
  const int64_t* strides[N];
  int64_t index[kMaxDims];
  int64_t offset[N];

  // Walks the first `dims` dimensions; the arrays stay the caller's.
  template <typename... S>
  void over(int dims, const int64_t* all_sizes, S... all_strides) {
    static_assert(sizeof...(S) == N);
    ndim = dims < 0 ? 0 : dims;
    sizes = all_sizes;
    const int64_t* each[N] = {all_strides...};
    for (int k = 0; k < N; k++) strides[k] = each[k];
  }
  // Goes to the position with row-major number `linear`.
  void start(int64_t linear) {
    for (int k = 0; k < N; k++) offset[k] = 0;
    for (int d = ndim - 1; d >= 0; d--) {
      index[d] = linear % sizes[d];
      linear /= sizes[d];
      for (int k = 0; k < N; k++) offset[k] += index[d] * strides[k][d];
    }
  }
  void next() {
    for (int d = ndim - 1; d >= 0; d--) {
      for (int k = 0; k < N; k++) offset[k] += strides[k][d];
      if (++index[d] < sizes[d]) return;
      for (int k = 0; k < N; k++) offset[k] -= strides[k][d] * sizes[d];
      index[d] = 0;
    }
  }
};

// tt_parallel_for with a lambda `f(begin, end, worker)`.
template <typename F>
TT_INLINE void parallel(int64_t n, int64_t grain, F f) {
  tt_parallel_for(
      n, grain, [](void* context, int64_t begin, int64_t end, int worker) { (*static_cast<F*>(context))(begin, end, worker); },
      &f);
}

// Drops dimensions of size 1 and merges neighbours that lie behind one another in every operand. Returns the new ndim.
template <int N>
TT_INLINE int coalesce(int ndim, int64_t* sizes, int64_t* (&strides)[N]) {
  int out = 0;
  for (int d = 0; d < ndim; d++) {
    if (sizes[d] == 1) continue;
    bool merge = out > 0;
    for (int k = 0; k < N && merge; k++) merge = strides[k][out - 1] == strides[k][d] * sizes[d];
    const int to = merge ? out - 1 : out++;
    sizes[to] = merge ? sizes[to] * sizes[d] : sizes[d];
    for (int k = 0; k < N; k++) strides[k][to] = strides[k][d];
  }
  return out;
}

}  // namespace
}  // namespace TT_NS
