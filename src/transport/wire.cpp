#include "transport/wire.h"

#include <algorithm>

namespace turnout {

Io Wire::try_fill(Stream& stream, std::size_t unread_max) noexcept {
  ReadAhead& ahead = stream.ahead();
  if (ahead.size() >= unread_max) return {0, Code::too_large};
  MutableBytes room = ahead.room();
  room = room.first(std::min(room.size(), unread_max - ahead.size()));
  const Io io = stream.try_read(room);
  if (io.code == Code::ok && io.n != 0) {
    ahead.add(io.n);
    stream.count_read(io.n);
    Worker& worker = stream.worker();
    worker.turn_budget -= std::min(worker.turn_budget, io.n);
  }
  return io;
}

bool Fill::attempt() noexcept {
  if (const Code why = stream_.take_interrupt(Side::read); why != Code::ok) {
    error_.code = why;
    return true;
  }
  if (stream_.worker().turn_budget == 0) return false;
  const Io io = Wire::try_fill(stream_, unread_max_);
  if (io.code == Code::would_block) return false;
  n_ = io.n;
  error_.code = io.code;
  return true;
}

void Fill::suspended() noexcept {
  stream_.ahead().pin();
  if (stream_.worker().turn_budget == 0) {
    // There is more to read, but others are waiting too (D7): go on in the next turn.
    stream_.worker().post(*this);
    return;
  }
  stream_.wait(Side::read, this);
}

bool Write::attempt() noexcept {
  while (!rest_.empty()) {
    if (const Code why = stream_.take_interrupt(Side::write); why != Code::ok) {
      error_.code = why;
      return true;
    }
    const Io io = stream_.try_write(rest_);
    if (io.code == Code::would_block) return false;
    if (io.code != Code::ok) {
      error_.code = io.code;
      return true;
    }
    rest_ = rest_.subspan(io.n);
    stream_.count_written(io.n);
    stream_.renew_deadline();
  }
  return true;
}

void Write::suspended() noexcept {
  if (copy_ == nullptr && stream_.worker().is_shared(rest_.data())) {
    copy_size_ = rest_.size();
    copy_ = static_cast<std::byte*>(pool_take(copy_size_));
    std::memcpy(copy_, rest_.data(), copy_size_);
    rest_ = {copy_, copy_size_};
  }
  stream_.wait(Side::write, this);
}

void Write::drop_copy() noexcept {
  if (copy_ != nullptr) pool_give_back(copy_, copy_size_);
}

bool CloseWrite::attempt() noexcept {
  if (const Code why = stream_.take_interrupt(Side::write); why != Code::ok) {
    error_.code = why;
    return true;
  }
  const Code code = stream_.try_close_write();
  if (code == Code::would_block) return false;
  error_.code = code;
  return true;
}

bool SendFile::attempt() noexcept {
  while (rest_ != 0) {
    if (const Code why = stream_.take_interrupt(Side::write); why != Code::ok) {
      error_.code = why;
      return true;
    }
    Worker& worker = stream_.worker();
    if (worker.turn_budget == 0) return false;
    const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(rest_, worker.turn_budget));
    const Io io = stream_.try_send_file(descriptor_, offset_, part);
    if (io.code == Code::would_block) return false;
    if (io.code != Code::ok) {
      error_.code = io.code;
      return true;
    }
    offset_ += io.n;
    stream_.count_written(io.n);
    rest_ -= io.n;
    worker.turn_budget -= std::min(worker.turn_budget, io.n);
    stream_.renew_deadline();
  }
  return true;
}

void SendFile::suspended() noexcept {
  if (stream_.worker().turn_budget == 0) {
    stream_.worker().post(*this);
    return;
  }
  stream_.wait(Side::write, this);
}

}  // namespace turnout
