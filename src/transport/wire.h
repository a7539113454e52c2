// Wire: a stream with what was already read from it, as one value that moves.
//
// Unread bytes cannot be forgotten at a change of protocol: they are part of the wire (law L7). The operations are
// awaitables that live in the caller's frame; one that need not wait costs no allocation and no suspension.
//
//   const Result<std::size_t> more = co_await wire.fill();      // reads behind peek(); 0 is a clean end
//   const Result<void> sent = co_await wire.write(bytes);       // back when the layer below took all of it
#pragma once

#include <coroutine>
#include <memory>

#include "transport/stream.h"

namespace turnout {

/// What Fill, Write and their like share: try at once, else leave a waiter and try again when it is fired.
template <class Derived>
class Operation : public Waiter {
 public:
  bool await_ready() noexcept { return self().attempt(); }
  void await_suspend(std::coroutine_handle<> caller) noexcept {
    caller_ = caller;
    self().suspended();
  }

 protected:
  explicit Operation(Stream& stream) noexcept : Waiter(&Operation::on_fire), stream_(stream) {}

  Stream& stream_;
  Error error_{Code::ok, Source::downstream};

 private:
  Derived& self() noexcept { return static_cast<Derived&>(*this); }
  static void on_fire(Waiter& waiter) noexcept {
    auto& operation = static_cast<Operation&>(waiter);
    if (operation.self().attempt()) {
      operation.caller_.resume();
    } else {
      operation.self().suspended();
    }
  }

  std::coroutine_handle<> caller_;
};

class Fill : public Operation<Fill> {
 public:
  Fill(Stream& stream, std::size_t unread_max) noexcept : Operation(stream), unread_max_(unread_max) {}
  bool attempt() noexcept;
  void suspended() noexcept;
  Result<std::size_t> await_resume() const noexcept {
    if (error_.code != Code::ok) return std::unexpected(error_);
    return n_;
  }

 private:
  std::size_t unread_max_;
  std::size_t n_ = 0;
};

class Write : public Operation<Write> {
 public:
  Write(Stream& stream, Bytes bytes) noexcept : Operation(stream), rest_(bytes) {}
  ~Write() { drop_copy(); }
  bool attempt() noexcept;
  void suspended() noexcept;
  Result<void> await_resume() const noexcept {
    if (error_.code != Code::ok) return std::unexpected(error_);
    return {};
  }

 private:
  void drop_copy() noexcept;
  Bytes rest_;
  std::byte* copy_ = nullptr;  // of the rest, where the caller's bytes lie in a buffer that the worker shares
  std::size_t copy_size_ = 0;
};

class CloseWrite : public Operation<CloseWrite> {
 public:
  explicit CloseWrite(Stream& stream) noexcept : Operation(stream) {}
  bool attempt() noexcept;
  void suspended() noexcept { stream_.wait(Side::write, this); }
  Result<void> await_resume() const noexcept {
    if (error_.code != Code::ok) return std::unexpected(error_);
    return {};
  }
};

/// Sends a part of a file; ends with `unsupported` at once where the stream has no better way than read and write.
class SendFile : public Operation<SendFile> {
 public:
  SendFile(Stream& stream, int descriptor, std::uint64_t offset, std::uint64_t size) noexcept
      : Operation(stream), descriptor_(descriptor), offset_(offset), rest_(size) {}
  bool attempt() noexcept;
  void suspended() noexcept;
  Result<void> await_resume() const noexcept {
    if (error_.code != Code::ok) return std::unexpected(error_);
    return {};
  }

 private:
  int descriptor_;
  std::uint64_t offset_;
  std::uint64_t rest_;
};

class Wire {
 public:
  explicit Wire(std::unique_ptr<Stream> stream) noexcept : stream_(std::move(stream)) {}

  Stream& stream() const noexcept { return *stream_; }
  Worker& worker() const noexcept { return stream_->worker(); }

  /// What was read and not yet consumed. The view dies at the next co_await; pin() keeps it until consume().
  Bytes peek() const noexcept { return stream_->ahead().peek(); }
  MutableBytes peek_mutable() const noexcept { return stream_->ahead().peek_mutable(); }
  void consume(std::size_t n) noexcept { stream_->ahead().consume(n); }
  void pin() { stream_->ahead().pin(); }

  /// Reads more behind peek(). Ends with too_large where `unread_max` bytes are unread already.
  Fill fill(std::size_t unread_max = SharedBuffers::bytes_each) noexcept { return {*stream_, unread_max}; }
  Write write(Bytes bytes) noexcept { return {*stream_, bytes}; }
  Write write(std::string_view text) noexcept { return {*stream_, as_bytes(text)}; }
  CloseWrite close_write() noexcept { return CloseWrite(*stream_); }
  SendFile send_file(int descriptor, std::uint64_t offset, std::uint64_t size) noexcept {
    return {*stream_, descriptor, offset, size};
  }

  /// One attempt of fill(), for layers that are state machines of their own.
  static Io try_fill(Stream& stream, std::size_t unread_max = SharedBuffers::bytes_each) noexcept;

  void expires_after(Millis duration) noexcept { stream_->expires_after(duration); }
  void expires_never() noexcept { stream_->expires_never(); }

 private:
  std::unique_ptr<Stream> stream_;
};

}  // namespace turnout
