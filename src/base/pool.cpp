#include "base/pool.h"

#include <array>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__)
#define TURNOUT_POOL_OFF 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TURNOUT_POOL_OFF 1
#endif
#endif

namespace turnout {

#ifdef TURNOUT_POOL_OFF

// Under a sanitizer each block is its own, so that a use after free is seen.
void* pool_take(std::size_t size) {
  return ::operator new(size);
}
void pool_give_back(void* block, std::size_t size) noexcept {
  ::operator delete(block, size);
}

#else

namespace {

constexpr std::size_t step_bytes = 16;
constexpr std::size_t pooled_bytes_max = 4096;
constexpr std::size_t chunk_bytes = 64 * 1024;

struct FreeBlock {
  FreeBlock* next;
};

struct Pool {
  std::array<FreeBlock*, pooled_bytes_max / step_bytes + 1> free{};
  std::byte* fresh = nullptr;
  std::byte* fresh_end = nullptr;
  std::vector<void*> chunks;

  ~Pool() {
    for (void* chunk : chunks) std::free(chunk);
  }

  void* carve(std::size_t rounded) {
    if (static_cast<std::size_t>(fresh_end - fresh) < rounded) {
      // The rest of the old chunk is not lost: it becomes one free block of its own size.
      if (const auto rest = static_cast<std::size_t>(fresh_end - fresh); rest >= step_bytes) {
        auto* block = new (fresh) FreeBlock{free[rest / step_bytes]};
        free[rest / step_bytes] = block;
      }
      void* chunk = std::malloc(chunk_bytes);
      if (chunk == nullptr) throw std::bad_alloc();
      chunks.push_back(chunk);
      fresh = static_cast<std::byte*>(chunk);
      fresh_end = fresh + chunk_bytes;
    }
    void* block = fresh;
    fresh += rounded;
    return block;
  }
};

thread_local Pool pool;

}  // namespace

void* pool_take(std::size_t size) {
  if (size > pooled_bytes_max) return ::operator new(size);
  const std::size_t index = (size + step_bytes - 1) / step_bytes;
  if (FreeBlock* block = pool.free[index]; block != nullptr) {
    pool.free[index] = block->next;
    return block;
  }
  return pool.carve(index * step_bytes);
}

void pool_give_back(void* block, std::size_t size) noexcept {
  if (block == nullptr) return;
  if (size > pooled_bytes_max) {
    ::operator delete(block, size);
    return;
  }
  const std::size_t index = (size + step_bytes - 1) / step_bytes;
  pool.free[index] = new (block) FreeBlock{pool.free[index]};
}

#endif

}  // namespace turnout
