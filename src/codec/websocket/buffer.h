// Buffer: bytes on the heap that grow as they come, are never filled with zeros first, and take no memory while empty.
//
//   Buffer buffer;
//   buffer.append(piece, message_bytes_max);     // doubles, but never beyond the given capacity
//   MutableBytes room = buffer.room(512);        // or: fill it in place ...
//   buffer.commit(n);                            // ... and say how much it was
#pragma once

#include <cstddef>
#include <utility>

#include "base/bytes.h"

namespace turnout::websocket {

class Buffer {
 public:
  static constexpr std::size_t unlimited = static_cast<std::size_t>(-1);

  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Buffer() { release(); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::size_t capacity() const noexcept { return capacity_; }
  Bytes bytes() const noexcept { return {data_, size_}; }
  MutableBytes bytes() noexcept { return {data_, size_}; }

  /// Room behind the bytes for at least `least` more. The capacity doubles, but stays at or below `capacity_max`
  /// unless `least` itself needs more.
  MutableBytes room(std::size_t least, std::size_t capacity_max = unlimited);
  void commit(std::size_t n) noexcept { size_ += n; }
  void append(Bytes bytes, std::size_t capacity_max = unlimited);

  /// Forgets what lies behind the first `size` bytes and keeps the memory.
  void truncate(std::size_t size) noexcept { size_ = size < size_ ? size : size_; }
  void clear() noexcept { size_ = 0; }
  /// Gives the memory back.
  void release() noexcept;

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace turnout::websocket
