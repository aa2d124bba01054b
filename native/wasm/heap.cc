// The allocator of the WASM heap: segregated fits in two levels (Masmano and others, "TLSF", 2004), so that both calls take
// constant time, over a memory that only grows.
//
// Memory is a row of blocks, each with a header of 64 bytes before it, so that all of them are aligned to cache lines.
// Free neighbours are joined at once. A list holds the free blocks of one class of sizes; bits say which lists have any.
#include <stddef.h>
#include <stdint.h>

#include "../platform.h"

extern "C" char __heap_base;  // by the linker: where static data and the stack end

namespace {

constexpr uint32_t unit = 64;          // of sizes and addresses
constexpr uint32_t page = 1 << 16;
constexpr uint32_t least_growth = 64;  // pages

struct alignas(unit) Block {
  Block* before;  // the neighbour in memory; null for the first
  uint32_t units;  // after this header
  bool is_free;
  Block *next, *previous;  // in its list, while free

  Block* after() { return this + 1 + units; }
};
static_assert(sizeof(Block) == unit);

constexpr int splits = 3;  // each power of two has 8 classes
constexpr int rows = 26 - splits + 1;
Block* lists[rows][1 << splits];
uint32_t rows_used;
uint32_t used[rows];

Block* end;  // a header with nothing after it, never free
bool locked;

void lock() {
  while (__atomic_exchange_n(&locked, true, __ATOMIC_ACQUIRE)) {
  }
}
void unlock() { __atomic_store_n(&locked, false, __ATOMIC_RELEASE); }

struct Class {
  int row, column;
};
Class class_of(uint32_t units) {
  if (units < 1u << splits) return {0, (int)units};
  const int log = 31 - __builtin_clz(units);
  return {log - splits + 1, (int)(units >> (log - splits)) & ((1 << splits) - 1)};
}

void insert(Block* block) {
  const Class c = class_of(block->units);
  Block*& head = lists[c.row][c.column];
  *block = {block->before, block->units, true, head, nullptr};
  if (head) head->previous = block;
  head = block;
  rows_used |= 1u << c.row;
  used[c.row] |= 1u << c.column;
}

void take(Block* block) {
  const Class c = class_of(block->units);
  if (block->next) block->next->previous = block->previous;
  if (block->previous) block->previous->next = block->next;
  else if (!(lists[c.row][c.column] = block->next)) {
    used[c.row] &= ~(1u << c.column);
    if (!used[c.row]) rows_used &= ~(1u << c.row);
  }
  block->is_free = false;
}

// A free block of that many units or more; null if there is none. In its own class blocks may be too small, so only a few
// are looked at (what was freed last comes first, and is still in the caches); in those above any serves.
Block* find(uint32_t units) {
  Class c = class_of(units);
  int looks = 8;
  for (Block* block = lists[c.row][c.column]; block && looks > 0; block = block->next, looks--)
    if (block->units >= units) return block;
  if (units >= 1u << splits && units & ((1u << (c.row - 1)) - 1)) c = class_of(units + (1u << (c.row - 1)));
  if (c.row >= rows) return nullptr;
  uint32_t columns = used[c.row] & (~0u << c.column);
  if (!columns) {
    const uint32_t above = rows_used & (~0u << (c.row + 1));
    if (!above) return nullptr;
    c.row = __builtin_ctz(above);
    columns = used[c.row];
  }
  return lists[c.row][__builtin_ctz(columns)];
}

void set_end(Block* before, Block* at) {
  end = at;
  *end = {before, 0, false, nullptr, nullptr};
}

// Joins a block that is in use with its free neighbours, and lists it.
void release(Block* block) {
  Block* const after = block->after();
  if (after->is_free) {
    take(after);
    block->units += 1 + after->units;
  }
  if (block->before && block->before->is_free) {
    Block* const before = block->before;
    take(before);
    before->units += 1 + block->units;
    block = before;
  }
  block->after()->before = block;
  insert(block);
}

bool grow(uint32_t units) {
  if (!end) {
    // What is there already, after the static data.
    Block* first = (Block*)(((uintptr_t)&__heap_base + unit - 1) / unit * unit);
    Block* const last = (Block*)(__builtin_wasm_memory_size(0) * page) - 1;
    *first = {nullptr, (uint32_t)(last - first) - 1, false, nullptr, nullptr};
    set_end(first, last);
    insert(first);
    if (first->units >= units) return true;
  }
  // The last page stays out of reach: there the end of memory would be address 0.
  const uint32_t pages = __builtin_wasm_memory_size(0), room = 65535 - pages;
  const uint32_t needed = (units + 1) / (page / unit) + 1;
  if (needed > room) return false;
  uint32_t more = needed > least_growth ? needed : least_growth < room ? least_growth : room;
  if (__builtin_wasm_memory_grow(0, more) == (size_t)-1) {
    more = needed;
    if (__builtin_wasm_memory_grow(0, more) == (size_t)-1) return false;
  }
  Block* const fresh = end;
  fresh->units = more * (page / unit) - 1;
  set_end(fresh, fresh->after());
  release(fresh);
  return true;
}

}  // namespace

extern "C" {

void* tt_alloc(size_t bytes) {
  if (bytes > 0xffff0000) return nullptr;
  const uint32_t units = bytes == 0 ? 1 : (uint32_t)((bytes - 1) / unit + 1);
  lock();
  Block* block = find(units);
  if (!block && grow(units)) block = find(units);
  if (block) {
    take(block);
    if (block->units > units) {
      Block* const rest = block + 1 + units;
      *rest = {block, block->units - units - 1, false, nullptr, nullptr};
      block->units = units;
      rest->after()->before = rest;
      // Of no size it waits, in use by nobody, for a neighbour to be freed.
      insert(rest);
    }
  }
  unlock();
  return block ? block + 1 : nullptr;
}

void tt_free(void* memory) {
  if (!memory) return;
  lock();
  release((Block*)memory - 1);
  unlock();
}
}
