// Sizes and counts.
#pragma once
#include "../isa.h"

namespace TT_NS {
namespace {

TT_INLINE int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
TT_INLINE int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
TT_INLINE int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
TT_INLINE int64_t round_up(int64_t a, int64_t b) { return divide_up(a, b) * b; }

}  // namespace
}  // namespace TT_NS
