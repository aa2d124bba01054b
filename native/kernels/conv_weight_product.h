// The gradient of the weights where there are few columns: all patches are written down once, and multiplied as a matrix. Then
// nothing is added up in memory, and results are written where they belong.
#pragma once
#include "conv_weight.h"
#include "matmul.h"

namespace TT_NS {
namespace {

constexpr int64_t product_columns = 128;  // up to which a block of sums is too soon done to be added up in memory
constexpr int64_t product_rows = 64;      // out channels from which the patches are read often enough

template <class T>
struct WeightProduct {
  const WeightJob<T>& job;
  Patches<T> reads;  // of all columns
  int64_t group, width;
  T* patches;  // [channels · taps][width]
  T* grads;    // [out channels][columns]

  // Channels begin..end of the patches.
  static void copy_patches(void* context, int64_t begin, int64_t end, int) {
    const WeightProduct& self = *(const WeightProduct*)context;
    const WeightJob<T>& job = self.job;
    const int64_t plane = job.walk.read_plane();
    self.reads.copy(job.x + (self.group * job.channels + begin) * plane, end - begin, plane,
                    self.patches + begin * job.taps * self.width, {job.taps * self.width, self.width, Vec<T>::lanes});
  }

  void copy_gradient() const {
    const int64_t places = job.walk.places();
    T* to = grads;
    for (int64_t o = 0; o < job.out_channels; o++)
      for (int64_t n = 0; n < job.walk.batch; n++, to += places) {
        const T* from = job.grad + ((n * job.groups + group) * job.out_channels + o) * places;
        for (int64_t i = 0; i < places; i++) to[i] = from[i];
      }
  }
};

template <class T>
bool prefers_product(const WeightJob<T>& job) {
  return job.out_channels >= product_rows && job.walk.columns() <= product_columns;
}

// Computes `job`, of which the caller has filled in what comes before `taps`; there is something to sum over.
template <class T>
int32_t conv_weight_product(WeightJob<T> job) {
  job.x = readable(job.walk, job.x, job.walk.batch * job.groups * job.channels);
  if (!job.x) return TT_OUT_OF_MEMORY;
  job.taps = job.walk.taps();
  const int64_t columns = job.walk.columns(), width = round_up(columns, Vec<T>::lanes), rows = job.rows();
  // (The product has the other scratch for itself.)
  T* patches = (T*)tt_scratch(TT_SCRATCH_TILE, sizeof(T) * (rows * width + job.out_channels * columns));
  void* pieces = tt_scratch(TT_SCRATCH_REDUCE, Patches<T>::bytes(job.walk, width / Vec<T>::lanes));
  if (!patches || !pieces) return TT_OUT_OF_MEMORY;
  WeightProduct<T> product = {job, Patches<T>(pieces), 0, width, patches, patches + rows * width};
  product.reads.find(job.walk, 0, columns, job.groups * job.channels * job.walk.read_plane());
  const int64_t grain = max64(1, (1 << 15) / (job.taps * width));
  for (; product.group < job.groups; product.group++) {
    tt_parallel_for(job.channels, grain, WeightProduct<T>::copy_patches, &product);
    product.copy_gradient();
    Product<T, T> sums = {};
    sums.m = job.out_channels;
    sums.n = rows;
    sums.k = columns;
    sums.a = {product.grads, columns, 1};
    sums.b = {patches, 1, width};
    sums.c = {job.out + product.group * job.out_channels * rows, rows, 1};
    sums.alpha = 1;
    const int32_t status = sizeof(T) == 4 ? TT_SYMBOL(product_float32)(&sums, true) : TT_SYMBOL(product_float64)(&sums, true);
    if (status != TT_OK) return status;
  }
  return TT_OK;
}

}  // namespace
}  // namespace TT_NS
