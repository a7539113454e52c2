#include "codec/websocket/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace turnout::websocket {

MutableBytes Buffer::room(std::size_t least, std::size_t capacity_max) {
  if (capacity_ - size_ < least) {
    if (least > unlimited - size_) throw std::bad_alloc();
    const std::size_t needed = size_ + least;
    const std::size_t doubled = capacity_ > unlimited / 2 ? unlimited : capacity_ * 2;
    const std::size_t capacity = std::max(needed, std::min(doubled, capacity_max));
    void* moved = std::realloc(data_, capacity);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<std::byte*>(moved);
    capacity_ = capacity;
  }
  return {data_ + size_, capacity_ - size_};
}

void Buffer::append(Bytes bytes, std::size_t capacity_max) {
  if (bytes.empty()) return;
  const MutableBytes target = room(bytes.size(), capacity_max);
  std::memcpy(target.data(), bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::release() noexcept {
  std::free(data_);
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

}  // namespace turnout::websocket
