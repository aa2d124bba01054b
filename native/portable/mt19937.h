// PyTorch's CPU generator: mt19937 (Matsumoto and Nishimura 1998), and the two ways in which it is drawn from.
#pragma once

#include "../kernels/dtype_switch.h"

namespace TT_NS {
namespace {

constexpr int kWords = 624;
constexpr int kShift = 397;

struct State {
  uint32_t words[kWords];
  uint32_t left;
  uint32_t next;
  uint32_t has_normal;
  uint32_t unused;
  double normal;
  uint32_t seed[2];
};
static_assert(sizeof(State) == 632 * 4);

TT_INLINE uint32_t twist(uint32_t high, uint32_t low) {
  return (((high & 0x80000000u) | (low & 0x7fffffffu)) >> 1) ^ (-(low & 1) & 0x9908b0dfu);
}

static void regenerate(State* s) {
  uint32_t* w = s->words;
  for (int i = 0; i < kWords - kShift; i++) w[i] = w[i + kShift] ^ twist(w[i], w[i + 1]);
  for (int i = kWords - kShift; i < kWords - 1; i++) w[i] = w[i + kShift - kWords] ^ twist(w[i], w[i + 1]);
  w[kWords - 1] = w[kShift - 1] ^ twist(w[kWords - 1], w[0]);
  s->left = kWords;
  s->next = 0;
}

TT_INLINE uint32_t temper(uint32_t y) {
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

TT_INLINE uint32_t draw(State* s) {
  if (--s->left == 0) regenerate(s);
  return temper(s->words[s->next++]);
}

TT_INLINE uint64_t draw64(State* s) {
  const uint64_t high = draw(s);
  return high << 32 | draw(s);
}

// `n` draws at once.
[[maybe_unused]] static void draw_many(State* s, uint32_t* out, int64_t n) {
  while (n > 0) {
    // As after `--left`: with left == 1 nothing of the block remains.
    if (s->left == 1) {
      regenerate(s);
      s->left++;
    }
    const int64_t here = n < int64_t(s->left) - 1 ? n : int64_t(s->left) - 1;
    const uint32_t* from = s->words + s->next;
    for (int64_t i = 0; i < here; i++) out[i] = temper(from[i]);
    s->next += uint32_t(here);
    s->left -= uint32_t(here);
    out += here;
    n -= here;
  }
}

TT_INLINE double unit_double(uint32_t high, uint32_t low) {
  return double(int64_t((uint64_t(high) << 32 | low) & ((uint64_t(1) << 53) - 1))) * 0x1p-53;
}
TT_INLINE double unit_double(State* s) {
  const uint32_t high = draw(s);
  return unit_double(high, draw(s));
}
TT_INLINE float unit_float(uint32_t word) { return float(int32_t(word & 0xffffff)) * 0x1p-24f; }

// Significant bits of a floating-point type.
template <typename T>
constexpr int kDigits = same<T, double> ? 53 : same<T, float> ? 24 : same<T, f16> ? 11 : 8;

template <typename T>
TT_INLINE T unit_value(const uint32_t* words) {
  if constexpr (same<T, double>)
    return unit_double(words[0], words[1]);
  else if constexpr (same<T, float>)
    return unit_float(words[0]);
  else
    return narrow<T>(float(words[0] & ((1u << kDigits<T>)-1)) / float(1 << kDigits<T>));
}

// Samples that are made at a time.
constexpr int kChunk = 512;

}  // namespace
}  // namespace TT_NS
