// Counts in bins of equal width.
//
// histogram: [dtype, n, bins, low, high; in: address, out: address]
//   in (contiguous) and out [bins] are of one floating dtype, low < high. The last bin holds its upper end; what lies outside
//   does not count.
#include "../kernels/dtype_switch.h"
#include "../platform.h"

namespace TT_NS {
namespace {

constexpr int64_t kGrain = 16384;

template <typename T>
static bool count_bins(const T* in, int64_t n, int64_t bins, double low, double high, T* out) {
  typedef Compute<T> C;
  // Each thread counts for itself where that is less work than the counting.
  const int threads = bins * tt_num_threads() <= n ? tt_num_threads() : 1;
  const size_t bytes = size_t(bins) * size_t(threads) * sizeof(int64_t);
  int64_t* const counts = static_cast<int64_t*>(tt_scratch(TT_SCRATCH_OTHER, bytes));
  if (!counts) return false;
  memset(counts, 0, bytes);
  const C first = C(low), last = C(high), width = C(high - low), scale = C(bins);
  parallel(n, threads == 1 ? n : kGrain, [&](int64_t begin, int64_t end, int worker) {
    int64_t* const own = counts + worker * bins;
    for (int64_t i = begin; i < end; i++) {
      const C x = widen(in[i]);
      if (!(x >= first && x <= last)) continue;
      const int64_t bin = int64_t((x - first) / width * scale);
      own[bin < bins ? bin : bins - 1]++;
    }
  });
  for (int64_t b = 0; b < bins; b++) {
    int64_t sum = 0;
    for (int t = 0; t < threads; t++) sum += counts[t * bins + b];
    out[b] = narrow<T>(C(sum));
  }
  return true;
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(histogram) {
  ArgReader reader{args};
  const int dtype = int(reader.integer());
  const int64_t n = reader.integer(), bins = reader.integer();
  const double low = reader.number(), high = reader.number();
  const char* const in = reader.address<char>();
  char* const out = reader.address<char>();
  bool enough = true;
  const bool known = switch_float(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    enough = count_bins(reinterpret_cast<const T*>(in), n, bins, low, high, reinterpret_cast<T*>(out));
  });
  if (!enough) return TT_OUT_OF_MEMORY;
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
