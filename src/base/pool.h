// Pool: small blocks of memory for one thread, in classes of 8 bytes, without a header.
//
// Coroutine frames, streams, protocols and message heads come and go with every connection and request;
// taking them from lists that belong to the worker costs a few nanoseconds and no lock. A block must be
// given back on the thread that took it, with the size that it was taken with.
#pragma once

#include <cstddef>
#include <new>
#include <string>
#include <vector>

namespace turnout {

void* pool_take(std::size_t size);
void pool_give_back(void* block, std::size_t size) noexcept;

/// What this thread has taken from the system for its blocks, free ones included; 0 under a sanitizer, where there is
/// no pool. For tests of what something costs.
std::size_t pool_bytes_carved() noexcept;

/// A base class whose objects live in the pool.
struct Pooled {
  static void* operator new(std::size_t size) { return pool_take(size); }
  static void operator delete(void* block, std::size_t size) noexcept { pool_give_back(block, size); }
};

template <class T>
struct PoolAllocator {
  using value_type = T;
  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}
  T* allocate(std::size_t n) { return static_cast<T*>(pool_take(n * sizeof(T))); }
  void deallocate(T* block, std::size_t n) noexcept { pool_give_back(block, n * sizeof(T)); }
  friend bool operator==(const PoolAllocator&, const PoolAllocator&) noexcept { return true; }
};

using PooledString = std::basic_string<char, std::char_traits<char>, PoolAllocator<char>>;
template <class T>
using PooledVector = std::vector<T, PoolAllocator<T>>;

}  // namespace turnout
