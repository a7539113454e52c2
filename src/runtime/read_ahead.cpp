#include "runtime/read_ahead.h"

#include <cstdlib>
#include <cstring>

#include "base/pool.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TURNOUT_FRESH_BUFFERS 1
#endif
#endif

namespace turnout {

bool SharedBuffers::holds(const std::byte* data) const noexcept {
  for (const Slot& slot : slots_) {
    if (slot.memory && data >= slot.memory.get() && data < slot.memory.get() + bytes_each) return true;
  }
  return false;
}

std::byte* SharedBuffers::borrow(ReadAhead& reader) {
  if (reader.layer() >= layers_max) std::abort();  // switches_max bounds the layers: more is our own fault
  Slot& slot = slots_[reader.layer()];
  if (slot.holder != nullptr) slot.holder->pin();
#ifdef TURNOUT_FRESH_BUFFERS
  slot.memory.reset();  // a stale view of the old block is then a use after free
#endif
  if (!slot.memory) slot.memory = std::make_unique_for_overwrite<std::byte[]>(bytes_each);
  slot.holder = &reader;
  return slot.memory.get();
}

void SharedBuffers::give_back(ReadAhead& reader) noexcept {
  Slot& slot = slots_[reader.layer()];
  if (slot.holder != &reader) return;
  slot.holder = nullptr;
#ifdef TURNOUT_FRESH_BUFFERS
  slot.memory.reset();
#endif
}

void ReadAhead::consume(std::size_t n) noexcept {
  begin_ += static_cast<std::uint32_t>(n);
  if (begin_ > end_) std::abort();
}

MutableBytes ReadAhead::room() {
  const std::size_t unread = size();
  if (heap_size_ != 0 || data_ == nullptr) {
    std::byte* shared = buffers_->borrow(*this);
    if (unread != 0) std::memcpy(shared, data_ + begin_, unread);
    if (heap_size_ != 0) pool_give_back(data_, heap_size_);
    heap_size_ = 0;
    data_ = shared;
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(unread);
  } else if (unread == 0) {
    begin_ = end_ = 0;
  } else if (end_ == SharedBuffers::bytes_each) {
    std::memmove(data_, data_ + begin_, unread);
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(unread);
  }
  return {data_ + end_, SharedBuffers::bytes_each - end_};
}

void ReadAhead::pin() {
  if (data_ == nullptr || heap_size_ != 0) {
    if (heap_size_ != 0 && size() == 0) release();
    return;
  }
  const auto unread = static_cast<std::uint32_t>(size());
  std::byte* heap = nullptr;
  if (unread != 0) {
    heap = static_cast<std::byte*>(pool_take(unread));
    std::memcpy(heap, data_ + begin_, unread);
  }
  buffers_->give_back(*this);
  data_ = heap;
  heap_size_ = unread;
  begin_ = 0;
  end_ = unread;
}

void ReadAhead::release() noexcept {
  if (heap_size_ != 0) {
    pool_give_back(data_, heap_size_);
  } else if (data_ != nullptr) {
    buffers_->give_back(*this);
  }
  data_ = nullptr;
  heap_size_ = begin_ = end_ = 0;
}

}  // namespace turnout
