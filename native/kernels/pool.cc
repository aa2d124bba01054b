// Averages and maxima over sliding windows of up to three dimensions.
//
// pool: [kind, dtype, planes, in D, H, W, out D, H, W, kernel D, H, W, stride D, H, W, padding D, H, W, dilation D, H, W,
//        count padding, divisor (0: the window's size), in address, out address, indices address (or 0)]
//   A plane is one channel of one sample; all operands are contiguous.
//   kind 0 average (dilation 1), 1 its gradient (in is the gradient of the averages, out that of the input), 2 maximum; its
//   indices (int64) count within the input's plane. Of equal elements the first wins, of NaN the last, as in PyTorch.
//
// The innermost loop runs along a row of results, one element of the window at a time: it is as wide as a row, whatever the window.
#include "../platform.h"
#include "dtype_switch.h"

namespace TT_NS {
namespace {

enum Kind { kAverage, kAverageBackward, kMaximum };

struct Axis {
  int64_t in, out, kernel, stride, padding, dilation;

  // Where the window of result `o` begins; before the input if it is padded.
  int64_t begin_of(int64_t o) const { return o * stride - padding; }
};

struct Job {
  int kind;
  int64_t planes;
  Axis d, h, w;
  bool count_padding;
  int64_t divisor;
  char* in;
  char* out;
  int64_t* indices;
  bool failed;

  int64_t in_plane() const { return d.in * h.in * w.in; }
  int64_t out_plane() const { return d.out * h.out * w.out; }
};

TT_INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
TT_INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

// How many elements a window has along an axis: with the padding that counts, and within the input.
struct Span {
  int64_t begin, end, padded;
};
TT_INLINE Span span_of(const Axis& axis, int64_t o) {
  const int64_t begin = axis.begin_of(o);
  const int64_t end = least(begin + axis.kernel, axis.in + axis.padding);
  return {most(begin, 0), least(end, axis.in), end - begin};
}

// The results lo..hi whose window has element `k` within the row.
struct Range {
  int64_t lo, hi;
};
TT_INLINE Range results_of(const Axis& w, int64_t k) {
  const int64_t at = k * w.dilation - w.padding;  // of result 0
  const int64_t lo = at >= 0 ? 0 : (-at + w.stride - 1) / w.stride;
  const int64_t hi = w.in - 1 - at < 0 ? 0 : (w.in - 1 - at) / w.stride + 1;
  return {lo, least(hi, w.out)};
}

template <int step, typename T>
TT_INLINE void add_row(const T* row, int64_t stride, T* to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += row[i * (step ? step : stride)];
}
template <int step, typename T>
TT_INLINE void spread_row(const T* from, T* row, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; i++) row[i * (step ? step : stride)] += from[i];
}
template <int step, typename T, typename I>
TT_INLINE void max_row(const T* row, int64_t stride, T* best, I* place, I here, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const T x = row[i * (step ? step : stride)];
    const bool better = (x > best[i]) | (x != x);
    best[i] = better ? x : best[i];
    if (place) place[i] = better ? here : place[i];
  }
}

// The divisors of a row of averages, by how many elements a window has along the other two axes.
template <typename T>
TT_INLINE void divide_row(const Job& job, const Span& d, const Span& h, const T* from, T* to) {
  for (int64_t o = 0; o < job.w.out; o++) {
    const Span w = span_of(job.w, o);
    const int64_t inside = most(d.end - d.begin, 0) * most(h.end - h.begin, 0) * most(w.end - w.begin, 0);
    const int64_t divisor =
        job.divisor ? job.divisor : job.count_padding ? d.padded * h.padded * w.padded : inside;
    to[o] = inside ? T(from[o] / T(divisor)) : T(0);
  }
}

template <typename T>
__attribute__((noinline)) void average(const Job& job, const T* in, T* out) {
  for (int64_t od = 0; od < job.d.out; od++) {
    const Span d = span_of(job.d, od);
    for (int64_t oh = 0; oh < job.h.out; oh++, out += job.w.out) {
      const Span h = span_of(job.h, oh);
      for (int64_t i = 0; i < job.w.out; i++) out[i] = T(0);
      for (int64_t z = d.begin; z < d.end; z++)
        for (int64_t y = h.begin; y < h.end; y++) {
          const T* const row = in + (z * job.h.in + y) * job.w.in;
          for (int64_t k = 0; k < job.w.kernel; k++) {
            const Range r = results_of(job.w, k);
            const T* const from = row + job.w.begin_of(r.lo) + k;
            if (job.w.stride == 1)
              add_row<1>(from, 1, out + r.lo, r.hi - r.lo);
            else if (job.w.stride == 2)
              add_row<2>(from, 2, out + r.lo, r.hi - r.lo);
            else
              add_row<0>(from, job.w.stride, out + r.lo, r.hi - r.lo);
          }
        }
      divide_row(job, d, h, out, out);
    }
  }
}

// `quotients` has room for a row of results.
template <typename T>
__attribute__((noinline)) void average_backward(const Job& job, const T* grad, T* to, T* quotients) {
  for (int64_t i = 0; i < job.in_plane(); i++) to[i] = T(0);
  for (int64_t od = 0; od < job.d.out; od++) {
    const Span d = span_of(job.d, od);
    for (int64_t oh = 0; oh < job.h.out; oh++, grad += job.w.out) {
      const Span h = span_of(job.h, oh);
      divide_row(job, d, h, grad, quotients);
      for (int64_t z = d.begin; z < d.end; z++)
        for (int64_t y = h.begin; y < h.end; y++) {
          T* const row = to + (z * job.h.in + y) * job.w.in;
          for (int64_t k = 0; k < job.w.kernel; k++) {
            const Range r = results_of(job.w, k);
            T* const into = row + job.w.begin_of(r.lo) + k;
            if (job.w.stride == 1)
              spread_row<1>(quotients + r.lo, into, 1, r.hi - r.lo);
            else if (job.w.stride == 2)
              spread_row<2>(quotients + r.lo, into, 2, r.hi - r.lo);
            else
              spread_row<0>(quotients + r.lo, into, job.w.stride, r.hi - r.lo);
          }
        }
    }
  }
}

// The first element of a window that lies in the input, along one axis.
TT_INLINE int64_t first_inside(const Axis& axis, int64_t o) {
  int64_t at = axis.begin_of(o);
  while (at < 0) at += axis.dilation;
  return least(at, axis.in - 1);
}

// `places` has room for a row: where in the window the maximum is, counted from the window's first element; null if no
// indices are wanted. -1 is none (all elements so far are -inf).
template <typename T, typename I>
__attribute__((noinline)) void maximum(const Job& job, const T* in, T* out, int64_t* indices, I* places) {
  const Axis &d = job.d, &h = job.h, &w = job.w;
  for (int64_t od = 0; od < d.out; od++) {
    for (int64_t oh = 0; oh < h.out; oh++, out += w.out) {
      for (int64_t i = 0; i < w.out; i++) out[i] = -T(__builtin_inf());
      if (places)
        for (int64_t i = 0; i < w.out; i++) places[i] = -1;
      for (int64_t kd = 0; kd < d.kernel; kd++) {
        const int64_t z = d.begin_of(od) + kd * d.dilation;
        if (z < 0 || z >= d.in) continue;
        for (int64_t kh = 0; kh < h.kernel; kh++) {
          const int64_t y = h.begin_of(oh) + kh * h.dilation;
          if (y < 0 || y >= h.in) continue;
          const T* const row = in + (z * h.in + y) * w.in;
          const int64_t ahead = (kd * d.dilation * h.in + kh * h.dilation) * w.in;
          for (int64_t k = 0; k < w.kernel; k++) {
            const Range r = results_of(w, k);
            const T* const from = row + w.begin_of(r.lo) + k * w.dilation;
            const I here = I(ahead + k * w.dilation);
            I* const place = places ? places + r.lo : nullptr;
            if (w.stride == 1)
              max_row<1>(from, 1, out + r.lo, place, here, r.hi - r.lo);
            else if (w.stride == 2)
              max_row<2>(from, 2, out + r.lo, place, here, r.hi - r.lo);
            else
              max_row<0>(from, w.stride, out + r.lo, place, here, r.hi - r.lo);
          }
        }
      }
      if (!places) continue;
      const int64_t start = (d.begin_of(od) * h.in + h.begin_of(oh)) * w.in;
      for (int64_t o = 0; o < w.out; o++)
        indices[o] = places[o] >= 0
                         ? start + w.begin_of(o) + places[o]
                         : (first_inside(d, od) * h.in + first_inside(h, oh)) * w.in + first_inside(w, o);
      indices += w.out;
    }
  }
}

template <typename C>
TT_INLINE void run_plane(const Job& job, const C* in, C* out, int64_t plane, void* row) {
  if (job.kind == kAverage) {
    average(job, in, out);
  } else if (job.kind == kAverageBackward) {
    average_backward(job, in, out, (C*)row);
  } else if constexpr (is_float<C>) {
    int64_t* const indices = job.indices ? job.indices + plane * job.out_plane() : nullptr;
    // Places as wide as the elements, for the same vectors.
    if constexpr (sizeof(C) == 4)
      maximum(job, in, out, indices, indices ? (int32_t*)row : nullptr);
    else
      maximum(job, in, out, indices, indices ? (int64_t*)row : nullptr);
  }
}

template <typename T>
static void run(Job& job) {
  const int64_t from = job.kind == kAverageBackward ? job.out_plane() : job.in_plane();
  const int64_t to = job.kind == kAverageBackward ? job.in_plane() : job.out_plane();
  const int64_t work = job.out_plane() * job.d.kernel * job.h.kernel * job.w.kernel + from;
  parallel(job.planes, (1 << 15) / most(work, 1) + 1, [&](int64_t begin, int64_t end, int) {
    typedef Compute<T> C;
    const int64_t wide = is_half<T> ? from + to : 0;
    C* const scratch = (C*)tt_scratch(TT_SCRATCH_OTHER, sizeof(C) * (wide + job.w.out));
    if (!scratch) {
      job.failed = true;
      return;
    }
    C* const row = scratch + wide;
    for (int64_t plane = begin; plane < end; plane++) {
      const T* const in = (const T*)job.in + plane * from;
      T* const out = (T*)job.out + plane * to;
      if constexpr (is_half<T>) {
        for (int64_t i = 0; i < from; i++) scratch[i] = widen(in[i]);
        run_plane<C>(job, scratch, scratch + from, plane, row);
        for (int64_t i = 0; i < to; i++) out[i] = narrow<T>(scratch[from + i]);
      } else {
        run_plane<C>(job, in, out, plane, row);
      }
    }
  });
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(pool) {
  ArgReader reader{args};
  Job job = {};
  job.kind = int(reader.integer());
  const int dtype = int(reader.integer());
  job.planes = reader.integer();
  Axis* const axes[] = {&job.d, &job.h, &job.w};
  for (Axis* axis : axes) axis->in = reader.integer();
  for (Axis* axis : axes) axis->out = reader.integer();
  for (Axis* axis : axes) axis->kernel = reader.integer();
  for (Axis* axis : axes) axis->stride = reader.integer();
  for (Axis* axis : axes) axis->padding = reader.integer();
  for (Axis* axis : axes) axis->dilation = reader.integer();
  job.count_padding = reader.integer();
  job.divisor = reader.integer();
  job.in = reader.address<char>();
  job.out = reader.address<char>();
  job.indices = reader.address<int64_t>();
  bool known = true;
  if (job.kind != kMaximum && dtype == TT_INT64)
    run<int64_t>(job);
  else
    known = switch_float(dtype, [&](auto tag) { run<typename decltype(tag)::type>(job); });
  return !known ? TT_UNSUPPORTED_DTYPE : job.failed ? TT_OUT_OF_MEMORY : TT_OK;
}
