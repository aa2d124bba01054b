// Which JavaScript objects, each the holder of a block of memory, are still alive. An object is known by a weak reference, and
// asked after when the heap looks for memory. V8 clears such references in every collection, also of the young generation, while
// the callbacks of finalizers wait until JavaScript returns to the event loop, which a training loop may never do.
#pragma once
#include <node_api.h>
#include <stdint.h>

#include <vector>

class WeakBlocks {
 public:
  void add(napi_env env, napi_value object, int32_t id, double bytes) {
    Block block = {nullptr, id, bytes};
    if (napi_create_reference(env, object, 0, &block.reference) == napi_ok) young_.push_back(block);
  }

  // Writes the numbers of the objects that have died to `dead`, forgets them, and says how many. A collection of the young
  // generation moves what it finds for the second time to the old one, which is seldom collected: what has survived two looks is
  // looked at again only if `also_old`. V8 collects the old ones in time if it knows how much memory hangs on them.
  int32_t take_dead(napi_env env, bool also_old, int32_t* dead) {
    const int32_t* first = dead;
    double change = 0;  // of the memory that hangs on old objects
    if (also_old) {
      std::vector<Block> old;
      old.swap(old_);
      for (const Block& block : old) {
        if (is_alive(env, block)) {
          old_.push_back(block);
          continue;
        }
        *dead++ = block.id;
        change -= block.bytes;
      }
    }
    for (const Block& block : middle_) {
      if (is_alive(env, block)) {
        old_.push_back(block);
        change += block.bytes;
      } else
        *dead++ = block.id;
    }
    middle_.clear();
    for (const Block& block : young_) {
      if (is_alive(env, block))
        middle_.push_back(block);
      else
        *dead++ = block.id;
    }
    young_.clear();
    int64_t total;
    if (change != 0) napi_adjust_external_memory(env, (int64_t)change, &total);
    return (int32_t)(dead - first);
  }

 private:
  struct Block {
    napi_ref reference;
    int32_t id;
    double bytes;
  };

  static bool is_alive(napi_env env, const Block& block) {
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    napi_value object = nullptr;
    napi_get_reference_value(env, block.reference, &object);
    napi_close_handle_scope(env, scope);
    if (object == nullptr) napi_delete_reference(env, block.reference);
    return object != nullptr;
  }

  std::vector<Block> young_, middle_, old_;
};
