// Attention's operands, and one batch's part of them.
#pragma once
#include "matmul.h"
#include "row_registers.h"
#include "scalar_math.h"
#include "vector_exp.h"

namespace TT_NS {
namespace {

enum Place { kQuery, kKey, kValue, kMask, kOut, kGrad = kOut, kGradQuery, kGradKey, kGradValue, kPlaces };

struct Job {
  bool causal;
  int64_t batch_dims, batches, queries, keys, width, value_width;
  const double* batch_sizes;
  double scale;
  void* log_sums;
  MatrixOperand operands[kPlaces];
  bool failed;
};

template <class T>
struct Head {
  const Job& job;
  Matrix<T> matrices[kPlaces];
  T* log_sums;

  Head(const Job& job, int64_t batch) : job(job), log_sums((T*)job.log_sums + batch * job.queries) {
    int64_t offsets[kPlaces] = {};
    for (int64_t dim = job.batch_dims - 1; dim >= 0; dim--) {
      const int64_t size = (int64_t)job.batch_sizes[dim];
      for (int i = 0; i < kPlaces; i++)
        if (job.operands[i].address) offsets[i] += batch % size * (int64_t)job.operands[i].batch_strides[dim];
      batch /= size;
    }
    for (int i = 0; i < kPlaces; i++)
      matrices[i] = job.operands[i].address ? job.operands[i].template matrix<T>(offsets[i]) : Matrix<T>{};
  }

  // Keys that some query before `end` may attend to.
  int64_t keys_for(int64_t end) const { return job.causal ? min64(job.keys, end) : job.keys; }
};

}  // namespace
}  // namespace TT_NS
