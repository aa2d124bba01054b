// Reads an entry's argument array in order.
#pragma once
#include "abi.h"
#include "isa.h"

namespace TT_NS {

struct ArgReader {
  const double* next;

  __attribute__((always_inline)) double number() { return *next++; }
  __attribute__((always_inline)) int64_t integer() { return (int64_t)*next++; }
  template <class T>
  __attribute__((always_inline)) T* address() {
    return (T*)(uintptr_t)*next++;
  }
  // The next `count` slots, left in place.
  __attribute__((always_inline)) const double* array(int64_t count) {
    const double* start = next;
    next += count;
    return start;
  }
};

}  // namespace TT_NS
