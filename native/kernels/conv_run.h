// The entry's arguments, and which driver serves; see conv.cc.
#pragma once
#include "conv_direct.h"
#include "conv_direct_weight.h"
#include "conv_last.h"
#include "conv_weight_product.h"
#include "conv_winograd.h"

namespace TT_NS {
namespace {

enum ConvKind { kForward, kInputGradient, kWeightGradient };

struct TapTable {
  Tap* taps;
  explicit TapTable(int64_t count) : taps((Tap*)tt_alloc(sizeof(Tap) * max64(1, count))) {}
  TapTable(const TapTable&) = delete;
  ~TapTable() { tt_free(taps); }
};

// Planes that are narrow, and few kinds of windows, have drivers of their own in the dtype that networks are trained in.
template <class T>
inline constexpr bool has_all_drivers = same_type<T, float>;

template <class T>
int32_t convolve(const ConvJob<T>& job) {
  if constexpr (has_all_drivers<T>) {
    if (prefers_last(job)) return conv_last(job);
  }
  if (prefers_direct(job)) return conv_direct(job);
  if constexpr (has_all_drivers<T>) {
    if (prefers_winograd(job)) return conv_winograd(job);
  }
  return conv_gemm(job);
}

template <class T>
int32_t conv_forward(const Convolution& conv, Tap* taps, const T* x, const T* weight, const T* bias, T* out) {
  ConvJob<T> job = {};
  job.walk = forward_walk(conv, taps);
  job.groups = conv.groups;
  job.channels = conv.in_channels;
  job.rows = conv.out_channels;
  job.x = x;
  const int64_t depth = conv.in_channels * conv.taps();
  job.weights = {weight, conv.out_channels * depth, depth, conv.taps()};
  job.bias = bias;
  job.out = out;
  return convolve(job);
}

template <class T>
int32_t conv_input_gradient(const Convolution& conv, Tap* taps, const T* grad, const T* weight, const T* bias, T* out) {
  const ConvWalk forward = forward_walk(conv, taps);
  if constexpr (has_all_drivers<T>) {
    if (prefers_last_input_gradient<T>(conv, forward))
      return conv_last_input_gradient(conv, forward, grad, weight, bias, out);
  }
  ConvJob<T> job = {};
  job.groups = conv.groups;
  job.channels = conv.out_channels;
  job.rows = conv.in_channels;
  job.x = grad;
  const int64_t depth = conv.in_channels * conv.taps();
  job.weights = {weight, conv.out_channels * depth, conv.taps(), depth};
  job.bias = bias;
  job.out = out;
  int64_t remainder[conv_dims];
  int64_t(&r)[conv_dims] = remainder;
  for (r[0] = 0; r[0] < min64(conv.stride[0], conv.in[0]); r[0]++)
    for (r[1] = 0; r[1] < min64(conv.stride[1], conv.in[1]); r[1]++)
      for (r[2] = 0; r[2] < min64(conv.stride[2], conv.in[2]); r[2]++) {
        job.walk = backward_walk(conv, remainder, taps);
        const int32_t status = convolve(job);
        if (status != TT_OK) return status;
      }
  return TT_OK;
}

template <class T>
int32_t conv_weights(const Convolution& conv, Tap* taps, const T* x, const T* grad, T* out) {
  WeightJob<T> job = {};
  job.walk = forward_walk(conv, taps);
  job.groups = conv.groups;
  job.channels = conv.in_channels;
  job.out_channels = conv.out_channels;
  job.x = x;
  job.grad = grad;
  job.out = out;
  if constexpr (has_all_drivers<T>) {
    if (prefers_last(job)) return conv_last_weight_gradient(job);
  }
  if (prefers_direct(job)) return conv_direct_weight_gradient(job);
  return prefers_product(job) ? conv_weight_product(job) : conv_weight_gradient(job);
}

template <class T>
int32_t run_convolution(const double* args) {
  ArgReader reader = {args};
  const int64_t kind = reader.integer();
  reader.integer();  // dtype
  const Convolution conv = Convolution::read(reader);
  const T* first = reader.address<const T>();
  const T* second = reader.address<const T>();
  const T* bias = reader.address<const T>();
  T* out = reader.address<T>();
  const TapTable table(conv.kernel_sizes());
  if (!table.taps) return TT_OUT_OF_MEMORY;
  switch (kind) {
    case kForward: return conv_forward(conv, table.taps, first, second, bias, out);
    case kInputGradient: return conv_input_gradient(conv, table.taps, first, second, bias, out);
    default: return conv_weights(conv, table.taps, first, second, out);
  }
}

}  // namespace
}  // namespace TT_NS
