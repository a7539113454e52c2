#include "transport/memory_stream.h"

#include <algorithm>

namespace turnout {

MemoryStream::Pair MemoryStream::make_pair(Worker& worker, MemoryFaults ours) {
  auto there = std::make_shared<Pipe>();
  auto back = std::make_shared<Pipe>();
  Pair pair;
  pair.ours.reset(new MemoryStream(worker, there, back, ours));
  MemoryFaults none;
  none.capacity_bytes = ours.capacity_bytes;
  pair.theirs.reset(new MemoryStream(worker, back, there, none));
  return pair;
}

MemoryStream::MemoryStream(Worker& worker, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, MemoryFaults faults)
    : Stream(worker, 0), in_(std::move(in)), out_(std::move(out)), faults_(faults) {
  in_->reader = this;
  out_->writer = this;
}

MemoryStream::~MemoryStream() {
  in_->reader = nullptr;
  out_->writer = nullptr;
  // As with a socket: closing sends FIN, or RST where unread bytes lie in the way.
  if (!in_->bytes.empty()) out_->reset = true;
  out_->ended = true;
  if (in_->writer != nullptr) in_->writer->wake_later(Side::write);
  if (out_->reader != nullptr) out_->reader->wake_later(Side::read);
}

bool MemoryStream::fails_now() noexcept {
  ++operations_;
  return faults_.fail_at_operation != 0 && operations_ == faults_.fail_at_operation;
}

Io MemoryStream::try_read(MutableBytes into) noexcept {
  if (fails_now() || in_->reset) return {0, Code::reset};
  if (in_->bytes.empty()) return {0, in_->ended ? Code::ok : Code::would_block};
  const std::size_t n = std::min({into.size(), in_->bytes.size(), faults_.read_bytes_max});
  std::memcpy(into.data(), in_->bytes.data(), n);
  in_->bytes.erase(0, n);
  if (in_->writer != nullptr) in_->writer->wake_later(Side::write);
  return {n, Code::ok};
}

Io MemoryStream::try_write(Bytes from) noexcept {
  if (fails_now() || out_->ended || out_->reader == nullptr) return {0, Code::reset};
  if (out_->bytes.size() >= faults_.capacity_bytes) return {0, Code::would_block};
  const std::size_t n = std::min({from.size(), faults_.capacity_bytes - out_->bytes.size(), faults_.write_bytes_max});
  out_->bytes.append(as_text(from.first(n)));
  out_->reader->wake_later(Side::read);
  return {n, Code::ok};
}

Code MemoryStream::try_close_write() noexcept {
  out_->ended = true;
  if (out_->reader != nullptr) out_->reader->wake_later(Side::read);
  return Code::ok;
}

void MemoryStream::abort() noexcept {
  in_->reset = true;
  out_->reset = true;
  out_->ended = true;
  if (out_->reader != nullptr) out_->reader->wake_both_later();
  wake_both_later();
}

bool MemoryPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const Io io = stream_->try_write(as_bytes(bytes));
    if (io.code != Code::ok) return false;
    bytes.remove_prefix(io.n);
  }
  return true;
}

void MemoryPeer::receive() {
  if (!stream_) return;
  std::byte buffer[4096];
  while (!ended_ && !reset_) {
    const Io io = stream_->try_read(buffer);
    if (io.code == Code::would_block) return;
    if (io.code != Code::ok) reset_ = true;
    if (io.code == Code::ok && io.n == 0) ended_ = true;
    received_.append(as_text(Bytes(buffer).first(io.n)));
  }
}

std::string MemoryPeer::take() {
  receive();
  return std::exchange(received_, {});
}

bool MemoryPeer::ended() {
  receive();
  return (ended_ || reset_) && received_.empty();
}

}  // namespace turnout
