// The C ABI between TypeScript and the native engine: read this file to know all of it.
//
// An entry point takes the address of an array of doubles (sizes, strides, addresses and scalars, in the order that its
// kernel file documents) and returns a status. Addresses are plain doubles (below 2^53), so are integers.
// entries.h lists them; a kernel file defines one as `TT_ENTRY(name) { ... }`, which puts the
// instruction set that the file is compiled for into the symbol's name.
#pragma once
#include <stdint.h>

// What an entry returns; the TypeScript wrapper turns everything but TT_OK into a typed error.
enum tt_status : int32_t {
  TT_OK = 0,
  TT_OUT_OF_MEMORY = 1,
  TT_UNSUPPORTED_DTYPE = 2,
  TT_BAD_ARGUMENT = 3,
  TT_INDEX_OUT_OF_RANGE = 4,
  TT_DIVISION_BY_ZERO = 5,
};

// PyTorch's ScalarType numbers.
enum tt_dtype : int32_t {
  TT_UINT8 = 0,
  TT_INT8 = 1,
  TT_INT16 = 2,
  TT_INT32 = 3,
  TT_INT64 = 4,
  TT_FLOAT16 = 5,
  TT_FLOAT32 = 6,
  TT_FLOAT64 = 7,
  TT_COMPLEX64 = 9,
  TT_COMPLEX128 = 10,
  TT_BOOL = 11,
  TT_BFLOAT16 = 15,
};

// Slots of the argument array.
enum { TT_MAX_ARGS = 4096 };

typedef int32_t (*tt_entry)(const double* args);

#define TT_JOIN_(a, b, c) a##b##_##c
#define TT_JOIN(a, b, c) TT_JOIN_(a, b, c)

// The name of an entry (or of any other function that one kernel file offers to another) in this instruction set.
#define TT_SYMBOL(name) TT_JOIN(tt_, name, TT_ISA)
#define TT_ENTRY(name) extern "C" int32_t TT_SYMBOL(name)(const double* args)
