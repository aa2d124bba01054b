// The tile machine's programs and tables. src/expr/program.ts documents the encoding and writes it; build/gen holds the
// primitives and dedicated loops that gen/ writes.
#pragma once
#include "../abi.h"
#include "../isa.h"

struct tt_instruction {
  int32_t primitive, to, a, b, c;
};

struct tt_program {
  int32_t language;  // of the primitives' list
  int32_t type;      // the registers' dtype
  int32_t inputs, outputs, scalars, constants, temporaries, instructions;
  int32_t hot, key;      // index in the hot list or -1, and what the entry there must have
  int32_t cost;          // of an element, where an addition is 1
  int32_t constants_at;  // in words
  int32_t early;         // bit k: an input is read after output k was written
  int32_t reserved[3];
  tt_instruction code[];

  const void* constant_values() const { return (const int32_t*)this + constants_at; }
};

// Loops over elements take whole blocks of this many (`n` is a multiple), so that none needs code for what is left over.
enum { TT_TILE_BLOCK = 16 };

// One primitive over a tile: to[i] = f(a[i], b[i], c[i]). The result's tile may be an operand's.
typedef int32_t (*tt_tile_function)(void* to, const void* a, const void* b, const void* c, int64_t n);

enum { TT_MAX_OPERANDS = 32, TT_MAX_REGISTERS = 512, TT_HOT_OPERANDS = 8 };

// A whole program as one loop, on contiguous memory: outputs, then inputs.
struct tt_hot_loop {
  void (*loop)(char* const* operands, const void* scalars, int64_t n);
  int32_t key;
  uint8_t dtypes[TT_HOT_OPERANDS];
};

extern "C" {
extern const tt_tile_function TT_SYMBOL(tiles_f32)[], TT_SYMBOL(tiles_f64)[], TT_SYMBOL(tiles_i64)[];
extern const tt_hot_loop TT_SYMBOL(hot_loops)[];
extern const int32_t TT_SYMBOL(hot_count), TT_SYMBOL(language);
}

// For the generated files, which define T. An output may be an input, exactly, and never overlaps otherwise.
#define TT_WHOLE_BLOCKS n &= -(int64_t)TT_TILE_BLOCK;  // which it is already: this tells the compiler
#define TT_TILE_LOOP TT_INDEPENDENT for (int64_t i = 0; i < n; i++)
#if defined(__wasm__)
// V8 makes a vector's constant anew wherever it is used: a step of several vectors makes it once.
#define TT_HOT_LOOP _Pragma("clang loop vectorize(assume_safety) interleave_count(4)") for (int64_t i = 0; i < n; i++)
#else
#define TT_HOT_LOOP TT_TILE_LOOP
#endif
#define TT_TILE(name) \
  int32_t name(void* to_, const void* a_, [[maybe_unused]] const void* b_, [[maybe_unused]] const void* c_, int64_t n)
#define TT_TILE_OPERANDS                          \
  TT_WHOLE_BLOCKS                                 \
  T* to = (T*)to_;                                \
  const T* a = (const T*)a_;                      \
  [[maybe_unused]] const T* b = (const T*)b_;     \
  [[maybe_unused]] const T* c = (const T*)c_;
