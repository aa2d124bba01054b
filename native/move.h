// Copies of elements, whatever they are: only their size counts.
#pragma once
#include <stdint.h>

extern "C" {

// Moves a box of elements of `item` bytes (1, 2, 4, 8 or 16) between two strided memories that do not overlap, on several
// threads where it is large. At most 64 dimensions, innermost first; strides are in bytes.
void tt_move(int dims, const int64_t* sizes, int64_t item, char* to, const int64_t* to_strides, const char* from,
             const int64_t* from_strides);
}
