// The arguments of `matmul`; its files, one a kind of dtype, start here.
//
//   dtype, M, N, K, batch dims, batch sizes[...],
//   A: address, row stride, col stride, batch strides[...], then B, then C likewise,
//   flags (1: there is a D, 2: relu), alpha, beta, D likewise (only read if there is one)
#pragma once
#include "../abi.h"
#include "../args.h"
#include "gemm.h"

namespace TT_NS {
namespace {

struct MatrixOperand {
  uintptr_t address;
  int64_t row_stride, col_stride;
  const double* batch_strides;

  static MatrixOperand read(ArgReader& args, int64_t batch_dims) {
    MatrixOperand operand;
    operand.address = (uintptr_t)args.address<char>();
    operand.row_stride = args.integer();
    operand.col_stride = args.integer();
    operand.batch_strides = args.array(batch_dims);
    return operand;
  }

  template <class S>
  Matrix<S> matrix(int64_t offset) const {
    return {(S*)address + offset, row_stride, col_stride};
  }
};

struct Arguments {
  int64_t dtype, m, n, k, batch_dims, batches;
  const double* batch_sizes;
  MatrixOperand a, b, c, d;
  bool has_d, relu;
  double alpha, beta;

  static Arguments read(const double* args) {
    ArgReader reader = {args};
    Arguments arguments;
    arguments.dtype = reader.integer();
    arguments.m = reader.integer();
    arguments.n = reader.integer();
    arguments.k = reader.integer();
    arguments.batch_dims = reader.integer();
    arguments.batch_sizes = reader.array(arguments.batch_dims);
    arguments.batches = 1;
    for (int64_t i = 0; i < arguments.batch_dims; i++) arguments.batches *= (int64_t)arguments.batch_sizes[i];
    arguments.a = MatrixOperand::read(reader, arguments.batch_dims);
    arguments.b = MatrixOperand::read(reader, arguments.batch_dims);
    arguments.c = MatrixOperand::read(reader, arguments.batch_dims);
    const int64_t flags = reader.integer();
    arguments.has_d = flags & 1;
    arguments.relu = flags & 2;
    arguments.alpha = reader.number();
    arguments.beta = reader.number();
    if (arguments.has_d) arguments.d = MatrixOperand::read(reader, arguments.batch_dims);
    return arguments;
  }

  // One product of the batch.
  template <class S, class T>
  Product<S, T> product(int64_t batch) const {
    int64_t a_offset = 0, b_offset = 0, c_offset = 0, d_offset = 0;
    for (int64_t dim = batch_dims - 1; dim >= 0; dim--) {
      const int64_t size = (int64_t)batch_sizes[dim];
      const int64_t index = batch % size;
      batch /= size;
      a_offset += index * (int64_t)a.batch_strides[dim];
      b_offset += index * (int64_t)b.batch_strides[dim];
      c_offset += index * (int64_t)c.batch_strides[dim];
      if (has_d) d_offset += index * (int64_t)d.batch_strides[dim];
    }
    return {m, n, k, a.matrix<const S>(a_offset), b.matrix<const S>(b_offset), c.matrix<S>(c_offset),
            has_d ? d.matrix<const S>(d_offset) : Matrix<const S>{}, (T)alpha, (T)beta, relu};
  }
};

}  // namespace
}  // namespace TT_NS

extern "C" {
// One product (a `Product`), for kernels that are made of products; `parallel` lets it use the pool.
int32_t TT_SYMBOL(product_float32)(const void* product, bool parallel);
int32_t TT_SYMBOL(product_float64)(const void* product, bool parallel);

int32_t TT_SYMBOL(matmul_float32)(const double* args);
int32_t TT_SYMBOL(matmul_float64)(const double* args);
int32_t TT_SYMBOL(matmul_half)(const double* args);
int32_t TT_SYMBOL(matmul_integer)(const double* args);
}
