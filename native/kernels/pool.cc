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
#include "conv_padded.h"
#include "dtype_switch.h"

namespace TT_NS {
namespace {

enum Kind { kAverage, kAverageBackward, kMaximum };

struct PoolAxis {
  int64_t in, out, kernel, stride, padding, dilation;

  // Where the window of result `o` begins; before the input if it is padded.
  int64_t begin_of(int64_t o) const { return o * stride - padding; }
  bool stays_inside() const { return padding == 0 && (out - 1) * stride + (kernel - 1) * dilation < in; }
};

struct Job {
  int kind;
  int64_t planes;
  PoolAxis d, h, w;
  bool count_padding;
  int64_t divisor;
  char* in;
  char* out;
  int64_t* indices;
  bool failed;

  int64_t in_plane() const { return d.in * h.in * w.in; }
  int64_t out_plane() const { return d.out * h.out * w.out; }
};

// How many elements a window has along an axis: with the padding that counts, and within the input.
struct Span {
  int64_t begin, end, padded;
};
TT_INLINE Span span_of(const PoolAxis& axis, int64_t o) {
  const int64_t begin = axis.begin_of(o);
  const int64_t end = min64(begin + axis.kernel, axis.in + axis.padding);
  return {max64(begin, 0), min64(end, axis.in), end - begin};
}

// The results lo..hi whose window has element `k` within the row.
struct Range {
  int64_t lo, hi;
};
TT_INLINE Range results_of(const PoolAxis& w, int64_t k) {
  const int64_t at = k * w.dilation - w.padding;  // of result 0
  const int64_t lo = at >= 0 ? 0 : (-at + w.stride - 1) / w.stride;
  const int64_t hi = w.in - 1 - at < 0 ? 0 : (w.in - 1 - at) / w.stride + 1;
  return {lo, min64(hi, w.out)};
}

template <int step, typename T>
TT_INLINE void add_row(const T* row, int64_t stride, T* to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] += row[i * (step ? step : stride)];
}
template <int step, typename T>
TT_INLINE void spread_row(const T* from, T* row, int64_t stride, int64_t n) {
  for (int64_t i = 0; i < n; i++) row[i * (step ? step : stride)] += from[i];
}
// The divisors of a row of averages, by how many elements a window has along the other two axes.
template <typename T>
TT_INLINE void divide_row(const Job& job, const Span& d, const Span& h, const T* from, T* to) {
  for (int64_t o = 0; o < job.w.out; o++) {
    const Span w = span_of(job.w, o);
    const int64_t inside = max64(d.end - d.begin, 0) * max64(h.end - h.begin, 0) * max64(w.end - w.begin, 0);
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
          if (job.w.out == 1) {
            const Span w = span_of(job.w, 0);
            T sum = out[0];
            for (int64_t i = w.begin; i < w.end; i++) sum += row[i];
            out[0] = sum;
            continue;
          }
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
TT_INLINE int64_t first_inside(const PoolAxis& axis, int64_t o) {
  int64_t at = axis.begin_of(o);
  while (at < 0) at += axis.dilation;
  return min64(at, axis.in - 1);
}

// Maxima, of a copy of the plane that is padded with minus infinities: a vector of results at a time.
template <typename T>
struct Maximum {
  static constexpr int64_t lanes = Vec<T>::lanes;
  typedef typename Vec<T>::type V;
  typedef decltype(V{} < V{}) Places;  // integers as wide as the elements
  typedef decltype(Places{}[0] + 0) PlaceInt;

  const Job& job;
  ConvWalk walk;
  T* copy;
  Places* here;      // where each element of the window lies in the plane, counted from the window's first
  int64_t* offsets;  // and in the copy
  int64_t ahead[lanes];  // of the windows of a vector: where they begin, from the first one on

  // Takes its memory from the thread; false if there is none.
  bool prepare() {
    const PoolAxis* axes[] = {&job.d, &job.h, &job.w};
    const int64_t taps = job.d.kernel * job.h.kernel * job.w.kernel, sizes = job.d.kernel + job.h.kernel + job.w.kernel;
    here = (Places*)tt_scratch(TT_SCRATCH_GEMM_TASK_A, (sizeof(Places) + sizeof(int64_t)) * taps + sizeof(Tap) * sizes);
    if (!here) return false;
    offsets = (int64_t*)(here + taps);
    for (int64_t i = 0; i < lanes; i++) ahead[i] = i * job.w.stride;
    Tap* table = (Tap*)(offsets + taps);
    walk.batch = 1;
    for (int i = 0; i < conv_dims; i++) {
      const PoolAxis& axis = *axes[i];
      for (int64_t k = 0; k < axis.kernel; k++) table[k] = {k * axis.dilation - axis.padding, 0};
      walk.axes[i] = {axis.out, axis.in, 0, axis.stride, axis.out, 0, 1, table, axis.kernel};
      table += axis.kernel;
    }
    Places* to = here;
    for (int64_t d = 0; d < job.d.kernel; d++)
      for (int64_t h = 0; h < job.h.kernel; h++)
        for (int64_t w = 0; w < job.w.kernel; w++) {
          const int64_t ahead = (d * job.d.dilation * job.h.in + h * job.h.dilation) * job.w.in + w * job.w.dilation;
          *to++ = Places{} + PlaceInt(ahead);
        }
    const PaddedPlanes<T> planes(walk);
    planes.offsets(1, offsets);
    copy = (T*)tt_scratch(TT_SCRATCH_GEMM_B, sizeof(T) * planes.plane());
    return copy != nullptr;
  }

  static __attribute__((always_inline)) void take(V x, Places at, V& best, Places& place) {
    const Places better = (x > best) | (x != x);
    best = better ? x : best;
    place = better ? at : place;
  }

  void run(const T* in, T* out, int64_t* indices) const {
    if (pairs()) return run_pairs(in, out, indices);
    const PaddedPlanes<T> planes(walk);
    planes.fill(in, -T(__builtin_inf()), copy);
    const int64_t taps = walk.taps();
    for (int64_t d = 0; d < job.d.out; d++)
      for (int64_t h = 0; h < job.h.out; h++, out += job.w.out) {
        for (int64_t w = 0; w < job.w.out; w += lanes) {
          const T* const from = copy + planes.place(d, h, w);
          V best = broadcast<T>(-T(__builtin_inf()));
          Places place = Places{} - 1;  // none: all elements so far are minus infinity
          for (int64_t t = 0; t < taps; t++) take(load<T>(from + offsets[t]), here[t], best, place);
          const int64_t columns = min64(lanes, job.w.out - w);
          store_lanes(LaneMask<T>::range(0, (int)columns), out + w, best);
          if (indices) write_indices(d, h, w, columns, place, indices + w);
        }
        if (indices) indices += job.w.out;
      }
  }

  // Whether windows of two columns lie side by side, within the input: then the rows are read as they are.
  bool pairs() const {
    const bool inside = job.d.stays_inside() && job.h.stays_inside() && job.w.stays_inside();
    return inside && job.w.kernel == 2 && job.w.stride == 2 && job.w.dilation == 1;
  }
  __attribute__((noinline)) void run_pairs(const T* in, T* out, int64_t* indices) const {
    for (int64_t d = 0; d < job.d.out; d++)
      for (int64_t h = 0; h < job.h.out; h++, out += job.w.out) {
        for (int64_t w = 0; w < job.w.out; w += lanes) {
          const int64_t columns = min64(lanes, job.w.out - w);
          const auto left = LaneMask<T>::range(0, (int)min64(lanes, 2 * columns));
          const auto right = LaneMask<T>::range(0, (int)max64(0, 2 * columns - lanes));
          V best = broadcast<T>(-T(__builtin_inf()));
          Places place = Places{} - 1;
          const Places* at = here;
          for (int64_t kd = 0; kd < job.d.kernel; kd++)
            for (int64_t kh = 0; kh < job.h.kernel; kh++, at += 2) {
              const int64_t z = d * job.d.stride + kd * job.d.dilation, y = h * job.h.stride + kh * job.h.dilation;
              const T* const from = in + (z * job.h.in + y) * job.w.in + 2 * w;
              V even, odd;
              separate_pairs<T>(load_lanes(left, from, V{}), load_lanes(right, from + lanes, V{}), even, odd);
              take(even, at[0], best, place);
              take(odd, at[1], best, place);
            }
          store_lanes(LaneMask<T>::range(0, (int)columns), out + w, best);
          if (indices) write_indices(d, h, w, columns, place, indices + w);
        }
        if (indices) indices += job.w.out;
      }
  }

  // A part of the places as whole indices. (By shuffles: to take the address of the places would keep them in memory throughout.)
  static constexpr int wide = Vec<int64_t>::lanes;
  template <int first, int... lane>
  static __attribute__((always_inline)) auto part_of(Places place, Lanes<lane...>) {
    return __builtin_shufflevector(place, place, (first + lane)...);
  }
  template <int first>
  __attribute__((always_inline)) void write_some(Places place, int64_t start, int64_t columns, int64_t* indices,
                                                 PlaceInt* found) const {
    typedef typename Vec<int64_t>::type Wide;
    const auto part = part_of<first>(place, typename LanesUpTo<wide>::type{});
    __builtin_memcpy(found + first, &part, sizeof(part));
    const Wide index = __builtin_convertvector(part, Wide) + load<int64_t>(ahead + first) + start;
    const auto kept = LaneMask<int64_t>::range(0, (int)max64(0, min64(wide, columns - first)));
    store_lanes(kept, indices + first, index);
  }

  __attribute__((always_inline)) void write_indices(int64_t d, int64_t h, int64_t w, int64_t columns, Places place,
                                                    int64_t* indices) const {
    const int64_t start = (job.d.begin_of(d) * job.h.in + job.h.begin_of(h)) * job.w.in + job.w.begin_of(w);
    alignas(sizeof(Places)) PlaceInt found[lanes];
    write_some<0>(place, start, columns, indices, found);
    if constexpr (lanes > wide) write_some<lanes - wide>(place, start, columns, indices, found);
    PlaceInt signs = 0;
    for (int64_t i = 0; i < lanes; i++) signs |= found[i];
    if (signs >= 0) return;
    for (int64_t i = 0; i < columns; i++)
      if (found[i] < 0)
        indices[i] = (first_inside(job.d, d) * job.h.in + first_inside(job.h, h)) * job.w.in + first_inside(job.w, w + i);
  }
};

template <typename C>
TT_INLINE void run_plane(const Job& job, const Maximum<C>& maximum, const C* in, C* out, int64_t plane, C* row) {
  if (job.kind == kAverage)
    average(job, in, out);
  else if (job.kind == kAverageBackward)
    average_backward(job, in, out, row);
  else if constexpr (is_float<C>)
    maximum.run(in, out, job.indices ? job.indices + plane * job.out_plane() : nullptr);
}

template <typename T>
static void run(Job& job) {
  const int64_t from = job.kind == kAverageBackward ? job.out_plane() : job.in_plane();
  const int64_t to = job.kind == kAverageBackward ? job.in_plane() : job.out_plane();
  const int64_t work = job.out_plane() * job.d.kernel * job.h.kernel * job.w.kernel + from;
  parallel(job.planes, (1 << 15) / max64(work, 1) + 1, [&](int64_t begin, int64_t end, int) {
    typedef Compute<T> C;
    const int64_t wide = is_half<T> ? from + to : 0;
    C* const scratch = (C*)tt_scratch(TT_SCRATCH_OTHER, sizeof(C) * (wide + job.w.out));
    Maximum<C> maximum{job, {}, nullptr, nullptr, nullptr, {}};
    if (!scratch || (job.kind == kMaximum && !maximum.prepare())) {
      job.failed = true;
      return;
    }
    C* const row = scratch + wide;
    for (int64_t plane = begin; plane < end; plane++) {
      const T* const in = (const T*)job.in + plane * from;
      T* const out = (T*)job.out + plane * to;
      if constexpr (is_half<T>) {
        for (int64_t i = 0; i < from; i++) scratch[i] = widen(in[i]);
        run_plane<C>(job, maximum, scratch, scratch + from, plane, row);
        for (int64_t i = 0; i < to; i++) out[i] = narrow<T>(scratch[from + i]);
      } else {
        run_plane<C>(job, maximum, in, out, plane, row);
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
  PoolAxis* const axes[] = {&job.d, &job.h, &job.w};
  for (PoolAxis* axis : axes) axis->in = reader.integer();
  for (PoolAxis* axis : axes) axis->out = reader.integer();
  for (PoolAxis* axis : axes) axis->kernel = reader.integer();
  for (PoolAxis* axis : axes) axis->stride = reader.integer();
  for (PoolAxis* axis : axes) axis->padding = reader.integer();
  for (PoolAxis* axis : axes) axis->dilation = reader.integer();
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
