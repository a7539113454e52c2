#include "transport/http2/memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

#include "base/pool.h"

namespace turnout {
namespace {

/// In front of each block: the pool wants to know the size when it gets one back.
struct alignas(std::max_align_t) Front {
  std::size_t bytes;  // of the whole block
};

void* take(std::size_t size, void* /*user_data*/) noexcept {
  if (size > SIZE_MAX - 2 * sizeof(Front)) return nullptr;
  // The pool aligns multiples of 16 to 16, and others to 8.
  const std::size_t bytes = sizeof(Front) + (size + alignof(Front) - 1) / alignof(Front) * alignof(Front);
  try {
    return new (pool_take(bytes)) Front{bytes} + 1;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void give_back(void* block, void* /*user_data*/) noexcept {
  if (block == nullptr) return;
  Front* front = static_cast<Front*>(block) - 1;
  pool_give_back(front, front->bytes);
}

void* take_zeroed(std::size_t count, std::size_t size, void* user_data) noexcept {
  if (size != 0 && count > SIZE_MAX / size) return nullptr;
  void* block = take(count * size, user_data);
  if (block != nullptr) std::memset(block, 0, count * size);
  return block;
}

void* resize(void* block, std::size_t size, void* user_data) noexcept {
  if (block == nullptr) return take(size, user_data);
  const std::size_t had = (static_cast<Front*>(block) - 1)->bytes - sizeof(Front);
  void* moved = take(size, user_data);
  if (moved == nullptr) return nullptr;
  std::memcpy(moved, block, std::min(had, size));
  give_back(block, user_data);
  return moved;
}

}  // namespace

nghttp2_mem* http2_memory() noexcept {
  static nghttp2_mem memory{nullptr, &take, &give_back, &take_zeroed, &resize};
  return &memory;
}

}  // namespace turnout
