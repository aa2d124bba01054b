// Pooling by windows that are no sliding ones, and what moves elements by the places that a maximum came from.
//
// adaptive_pool: [kind, dtype, planes, in D, H, W, out D, H, W, kernel D, H, W, in address, out address, indices address (or 0),
//                 samples address (or 0), samples order D, H, W]
//   A plane is one channel of one sample; all operands are contiguous.
//   kind 0 average over windows that divide the input evenly, 1 its gradient (in is the gradient of the averages), 2 maximum
//   over the same windows, 3 maximum over windows of the kernel's size that a random number for each axis spreads out
//   (samples [planes, 2 or 3] in the input's dtype; which of them an axis takes, -1 for none).
// pool_places: [kind, dtype, planes, few, many, in address, out address, indices address]
//   indices [planes, few] (int64) name elements of planes of `many`.
//   kind 0 out[plane, index] += in[plane, i], on zeros; 1 out[plane, i] = in[plane, index]; 2 out[plane, index] = in[plane, i],
//   on zeros. An index out of range gives TT_INDEX_OUT_OF_RANGE: the index in slot 0.
#include "../kernels/dtype_switch.h"
#include "../platform.h"

namespace TT_NS {
namespace {

enum Kind { kAverage, kAverageBackward, kMaximum, kFractional };

struct Job {
  int kind;
  int64_t planes;
  int64_t in[3], out[3], kernel[3];
  char* from;
  char* to;
  int64_t* indices;
  char* samples;
  int64_t order[3];

  int64_t in_plane() const { return in[0] * in[1] * in[2]; }
  int64_t out_plane() const { return out[0] * out[1] * out[2]; }
};

struct Window {
  int64_t begin, end;
};

// Windows that cover the input, each as even a share of it as can be.
TT_INLINE Window even_window(int64_t o, int64_t in, int64_t out) {
  return {o * in / out, ((o + 1) * in + out - 1) / out};
}

// Where the windows of an axis begin: steps that differ by one, at random. In the sample's own precision, as in PyTorch.
template <typename C>
TT_INLINE Window random_window(int64_t o, int64_t in, int64_t out, int64_t kernel, C sample) {
  if (o == out - 1) return {in - kernel, in};
  const C alpha = C(in - kernel) / C(out - 1);
  const int64_t begin = int64_t((C(o) + sample) * alpha) - int64_t(sample * alpha);
  return {begin, begin + kernel};
}

template <typename T, typename Visit>
TT_INLINE void visit_windows(const Job& job, int64_t plane, Visit visit) {
  typedef Compute<T> C;
  const int used = (job.order[0] >= 0) + (job.order[1] >= 0) + (job.order[2] >= 0);
  const auto window = [&](int axis, int64_t o) -> Window {
    if (job.kind != kFractional || job.order[axis] < 0) return even_window(o, job.in[axis], job.out[axis]);
    const C sample = widen(((const T*)job.samples)[plane * used + job.order[axis]]);
    return random_window<C>(o, job.in[axis], job.out[axis], job.kernel[axis], sample);
  };
  int64_t i = 0;
  for (int64_t od = 0; od < job.out[0]; od++) {
    const Window d = window(0, od);
    for (int64_t oh = 0; oh < job.out[1]; oh++) {
      const Window h = window(1, oh);
      for (int64_t ow = 0; ow < job.out[2]; ow++) visit(i++, d, h, window(2, ow));
    }
  }
}

template <typename T>
static void average(const Job& job, int64_t plane) {
  const T* const in = (const T*)job.from + plane * job.in_plane();
  T* const out = (T*)job.to + plane * job.out_plane();
  visit_windows<T>(job, plane, [&](int64_t i, Window d, Window h, Window w) {
    Compute<T> sum = 0;
    for (int64_t z = d.begin; z < d.end; z++)
      for (int64_t y = h.begin; y < h.end; y++) {
        const T* const row = in + (z * job.in[1] + y) * job.in[2];
        for (int64_t x = w.begin; x < w.end; x++) sum += widen(row[x]);
      }
    out[i] = narrow<T>(sum / Compute<T>((d.end - d.begin) * (h.end - h.begin) * (w.end - w.begin)));
  });
}

// `to` is a plane of zeros.
template <typename T>
static void average_backward(const Job& job, int64_t plane, Compute<T>* to) {
  const T* const grad = (const T*)job.from + plane * job.out_plane();
  visit_windows<T>(job, plane, [&](int64_t i, Window d, Window h, Window w) {
    const Compute<T> share = widen(grad[i]) / Compute<T>((d.end - d.begin) * (h.end - h.begin) * (w.end - w.begin));
    for (int64_t z = d.begin; z < d.end; z++)
      for (int64_t y = h.begin; y < h.end; y++) {
        Compute<T>* const row = to + (z * job.in[1] + y) * job.in[2];
        for (int64_t x = w.begin; x < w.end; x++) row[x] += share;
      }
  });
}

template <typename T>
static void maximum(const Job& job, int64_t plane) {
  const T* const in = (const T*)job.from + plane * job.in_plane();
  T* const out = (T*)job.to + plane * job.out_plane();
  int64_t* const indices = job.indices ? job.indices + plane * job.out_plane() : nullptr;
  visit_windows<T>(job, plane, [&](int64_t i, Window d, Window h, Window w) {
    Compute<T> best = -Compute<T>(__builtin_inf());
    int64_t place = (d.begin * job.in[1] + h.begin) * job.in[2] + w.begin;
    for (int64_t z = d.begin; z < d.end; z++)
      for (int64_t y = h.begin; y < h.end; y++) {
        const int64_t row = (z * job.in[1] + y) * job.in[2];
        for (int64_t x = w.begin; x < w.end; x++) {
          const Compute<T> value = widen(in[row + x]);
          if (value > best || value != value) {
            best = value;
            place = row + x;
          }
        }
      }
    out[i] = narrow<T>(best);
    if (indices) indices[i] = place;
  });
}

// Calls write(plane, sums) for each plane, with zeros to add to: the plane of the result itself, or one of wider numbers that
// is then rounded into it.
template <typename T, typename Write>
TT_INLINE bool into_zeros(char* to, int64_t size, int64_t begin, int64_t end, Write write) {
  typedef Compute<T> C;
  C* wide = nullptr;
  if constexpr (is_half<T>) {
    wide = (C*)tt_scratch(TT_SCRATCH_OTHER, sizeof(C) * size);
    if (!wide) return false;
  }
  for (int64_t plane = begin; plane < end; plane++) {
    T* const out = (T*)to + plane * size;
    C* sums;
    if constexpr (is_half<T>)
      sums = wide;
    else
      sums = out;
    for (int64_t i = 0; i < size; i++) sums[i] = C(0);
    write(plane, sums);
    if constexpr (is_half<T>)
      for (int64_t i = 0; i < size; i++) out[i] = narrow<T>(sums[i]);
  }
  return true;
}

TT_INLINE int64_t grain(int64_t work) { return (1 << 14) / (work + 1) + 1; }

template <typename T>
static bool run(const Job& job) {
  bool fine = true;
  parallel(job.planes, grain(job.in_plane() + job.out_plane()), [&](int64_t begin, int64_t end, int) {
    if (job.kind == kAverageBackward) {
      if (!into_zeros<T>(job.to, job.in_plane(), begin, end, [&](int64_t plane, Compute<T>* to) {
            average_backward<T>(job, plane, to);
          }))
        fine = false;
      return;
    }
    for (int64_t plane = begin; plane < end; plane++)
      if (job.kind == kAverage)
        average<T>(job, plane);
      else
        maximum<T>(job, plane);
  });
  return fine;
}

struct Places {
  int kind;
  int64_t planes, few, many;
  char* from;
  char* to;
  const int64_t* indices;
};

template <typename T>
static bool move(const Places& job) {
  bool fine = true;
  parallel(job.planes, grain(job.few + job.many), [&](int64_t begin, int64_t end, int) {
    if (job.kind == 1) {
      for (int64_t plane = begin; plane < end; plane++) {
        const int64_t* const at = job.indices + plane * job.few;
        const T* const from = (const T*)job.from + plane * job.many;
        T* const to = (T*)job.to + plane * job.few;
        for (int64_t i = 0; i < job.few; i++) to[i] = from[at[i]];
      }
      return;
    }
    const bool add = job.kind == 0;
    if (!into_zeros<T>(job.to, job.many, begin, end, [&](int64_t plane, Compute<T>* to) {
          const int64_t* const at = job.indices + plane * job.few;
          const T* const from = (const T*)job.from + plane * job.few;
          for (int64_t i = 0; i < job.few; i++) {
            const Compute<T> value = widen(from[i]);
            to[at[i]] = add ? to[at[i]] + value : value;
          }
        }))
      fine = false;
  });
  return fine;
}

TT_INLINE void read_axes(ArgReader& reader, int64_t* axes) {
  for (int i = 0; i < 3; i++) axes[i] = reader.integer();
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(adaptive_pool) {
  ArgReader reader{args};
  Job job;
  job.kind = int(reader.integer());
  const int dtype = int(reader.integer());
  job.planes = reader.integer();
  read_axes(reader, job.in);
  read_axes(reader, job.out);
  read_axes(reader, job.kernel);
  job.from = reader.address<char>();
  job.to = reader.address<char>();
  job.indices = reader.address<int64_t>();
  job.samples = reader.address<char>();
  read_axes(reader, job.order);
  bool fine = true;
  const bool known = switch_float(dtype, [&](auto tag) { fine = run<typename decltype(tag)::type>(job); });
  return !known ? TT_UNSUPPORTED_DTYPE : fine ? TT_OK : TT_OUT_OF_MEMORY;
}

TT_ENTRY(pool_places) {
  ArgReader reader{args};
  Places job;
  job.kind = int(reader.integer());
  const int dtype = int(reader.integer());
  job.planes = reader.integer();
  job.few = reader.integer();
  job.many = reader.integer();
  job.from = reader.address<char>();
  job.to = reader.address<char>();
  job.indices = reader.address<const int64_t>();
  // The others' indices are those of a forward.
  for (int64_t i = 0; job.kind == 2 && i < job.planes * job.few; i++) {
    if (uint64_t(job.indices[i]) < uint64_t(job.many)) continue;
    answer(args, 0, double(job.indices[i]));
    return TT_INDEX_OUT_OF_RANGE;
  }
  bool fine = true;
  const bool known = switch_float(dtype, [&](auto tag) { fine = move<typename decltype(tag)::type>(job); });
  return !known ? TT_UNSUPPORTED_DTYPE : fine ? TT_OK : TT_OUT_OF_MEMORY;
}
