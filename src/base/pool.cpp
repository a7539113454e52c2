#include "base/pool.h"

#include <array>
#include <cstddef>
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
std::size_t pool_bytes_carved() noexcept {
  return 0;
}

#else

namespace {

constexpr std::size_t step_bytes = 8;
constexpr std::size_t pooled_bytes_max = 4096;
constexpr std::size_t chunk_bytes = 64 * 1024;

struct FreeBlock {
  FreeBlock* next;
};

struct Pool {
  std::array<FreeBlock*, pooled_bytes_max / step_bytes + 1> free{};
  struct Fresh {
    std::byte* begin = nullptr;
    std::byte* end = nullptr;
  };
  // What may have to lie at a multiple of 16 has a size that is one; all else is apart, so that no gaps are needed.
  std::array<Fresh, 2> fresh;
  std::vector<void*> chunks;

  ~Pool() {
    for (void* chunk : chunks) std::free(chunk);
  }

  void* carve(std::size_t rounded) {
    auto& [begin, end] = fresh[rounded % alignof(std::max_align_t) == 0 ? 0 : 1];
    if (static_cast<std::size_t>(end - begin) < rounded) {
      // The rest of the old chunk is not lost: it becomes one free block of its own size.
      if (const auto rest = static_cast<std::size_t>(end - begin); rest >= step_bytes) {
        auto* block = new (begin) FreeBlock{free[rest / step_bytes]};
        free[rest / step_bytes] = block;
      }
      void* chunk = std::malloc(chunk_bytes);
      if (chunk == nullptr) throw std::bad_alloc();
      chunks.push_back(chunk);
      begin = static_cast<std::byte*>(chunk);
      end = begin + chunk_bytes;
    }
    void* block = begin;
    begin += rounded;
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

std::size_t pool_bytes_carved() noexcept {
  std::size_t bytes = pool.chunks.size() * chunk_bytes;
  for (const Pool::Fresh& fresh : pool.fresh) bytes -= static_cast<std::size_t>(fresh.end - fresh.begin);
  return bytes;
}

#endif

}  // namespace turnout
