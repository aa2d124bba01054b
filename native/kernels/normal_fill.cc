// Normal numbers as PyTorch makes 16 and more contiguous ones. Compiled for each instruction set, because each of them takes some
// thirty fused multiply-adds, which are the processor's where it has them (and emulated where not).
//
// normal_fill: [state, out address, dtype, n, mean, std]
#include "../portable/normal_block.h"

namespace TT_NS {
namespace {

template <typename T>
static void unit_fill(State* s, T* out, int64_t n) {
  constexpr int kPer = same<T, double> ? 2 : 1;
  uint32_t words[kChunk * 2];
  for (int64_t done = 0; done < n; done += kChunk) {
    const int64_t here = n - done < kChunk ? n - done : kChunk;
    draw_many(s, words, here * kPer);
    for (int64_t i = 0; i < here; i++) out[done + i] = unit_value<T>(words + i * kPer);
  }
}

template <typename T>
static void normal_fill(State* s, T* out, int64_t n, double mean, double std) {
  const T m = convert<T>(mean), d = convert<T>(std);
  unit_fill(s, out, n);
  for (int64_t i = 0; i + 16 <= n; i += 16) normal_block(out + i, m, d);
  if (n % 16 != 0) {
    // The tail overlaps the last whole block: its 16 values are drawn anew.
    unit_fill(s, out + n - 16, 16);
    normal_block(out + n - 16, m, d);
  }
}

}  // namespace
}  // namespace TT_NS

using namespace TT_NS;

TT_ENTRY(normal_fill) {
  ArgReader a{args};
  State* state = a.address<State>();
  void* out = a.address<void>();
  const int dtype = int(a.integer());
  const int64_t n = a.integer();
  const double mean = a.number(), std = a.number();
  const bool known = switch_float(dtype, [&](auto tag) {
    normal_fill(state, static_cast<typename decltype(tag)::type*>(out), n, mean, std);
  });
  return known ? TT_OK : TT_UNSUPPORTED_DTYPE;
}
