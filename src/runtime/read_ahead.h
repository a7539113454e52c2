// ReadAhead: what was read from a stream and not yet consumed.
//
// A busy stream reads into a buffer that the whole worker shares, one for each layer of streams (TLS reads below
// while its own reader holds the buffer above). Only what is still unread when the stream has to wait moves to the
// heap, so an idle connection holds no buffer.
//
//   shared buffer:   [ consumed | unread ........ | room ]        heap block:   [ unread ]
//                    data_      begin_            end_                          begin_  end_
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace turnout {

class SharedBuffers;

class ReadAhead {
 public:
  ReadAhead(SharedBuffers& buffers, std::uint8_t layer) noexcept : buffers_(&buffers), layer_(layer) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() { release(); }

  SharedBuffers& buffers() const noexcept { return *buffers_; }
  std::uint8_t layer() const noexcept { return layer_; }

  /// What is unread. The view dies at the next wait of any connection of this worker; pin() keeps it.
  Bytes peek() const noexcept { return {data_ + begin_, end_ - begin_}; }
  MutableBytes peek_mutable() noexcept { return {data_ + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  void consume(std::size_t n) noexcept;

  /// Room to read into, behind what is unread; at least one byte as long as less than a buffer is unread.
  MutableBytes room();
  void add(std::size_t n) noexcept { end_ += static_cast<std::uint32_t>(n); }

  /// Moves what is unread to the heap and gives the shared buffer back.
  void pin();

 private:
  friend class SharedBuffers;
  void release() noexcept;

  SharedBuffers* buffers_;
  std::byte* data_ = nullptr;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::uint32_t heap_size_ = 0;  // 0: the data is in the shared buffer, or nowhere
  std::uint8_t layer_;
};

class SharedBuffers {
 public:
  static constexpr std::size_t bytes_each = 64 * 1024;
  static constexpr std::size_t layers_max = 8;

  /// True where the memory may be overwritten as soon as another connection runs.
  bool holds(const std::byte* data) const noexcept;

 private:
  friend class ReadAhead;
  struct Slot {
    std::unique_ptr<std::byte[]> memory;
    ReadAhead* holder = nullptr;
  };
  std::byte* borrow(ReadAhead& reader);
  void give_back(ReadAhead& reader) noexcept;

  std::array<Slot, layers_max> slots_;
};

}  // namespace turnout
