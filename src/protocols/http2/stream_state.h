// Http2StreamState: one stream of a connection, between nghttp2 on one side and whoever serves it on the other.
//
// What arrives is held until it is taken, and taking it opens the flow-control window again: the window is the
// backpressure and the bound. What is to be sent is held up to `buffer_bytes_max`, or stays where it is with the one
// who waits for it to leave (`park`).
//
// The state goes away when both sides are through with it: nghttp2 has closed the stream, and no task serves it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"
#include "base/pool.h"
#include "codec/http/fields.h"
#include "protocols/http2/request_builder.h"
#include "runtime/timer_wheel.h"
#include "runtime/waiter.h"
#include "transport/stream.h"

namespace turnout {

class Http2Connection;
class Http2Stream;
struct Http2Callbacks;

class Http2StreamState : public Pooled {
 public:
  static constexpr std::size_t buffer_bytes_max = 64 * 1024;

  Http2StreamState(Http2Connection& connection, std::int32_t id, std::uint64_t began_ms) noexcept;
  Http2StreamState(const Http2StreamState&) = delete;
  Http2StreamState& operator=(const Http2StreamState&) = delete;

  Http2Connection& connection() const noexcept { return connection_; }
  std::int32_t id() const noexcept { return id_; }
  std::uint64_t began_ms() const noexcept { return began_ms_; }

  /// Code::ok while the stream works; then why it does not, for good.
  Code failure() const noexcept { return failure_; }

  // Receiving.
  bool has_unread() const noexcept { return unread_at_ != unread_.size(); }
  std::size_t unread() const noexcept { return unread_.size() - unread_at_; }
  bool has_ended() const noexcept { return received_end_; }
  std::uint64_t received() const noexcept { return received_; }
  std::size_t take(MutableBytes into);
  PooledString take_all();
  /// Behind the body: complete where has_ended() and nothing is unread.
  const FieldList& trailers() const noexcept { return trailers_; }

  // Sending.
  std::size_t room() const noexcept;
  void append(Bytes bytes);
  /// The bytes stay with the caller until has_pending() is false or the stream has failed.
  void park(Bytes bytes);
  void park(int file, std::uint64_t offset, std::uint64_t size);
  bool has_pending() const noexcept { return pending() != 0; }
  void end();
  /// The same, with these fields behind the body.
  void end(const FieldList& trailers);
  bool is_ended() const noexcept { return end_; }
  /// Heads ahead of the answer's that have not left yet.
  bool has_interim() const noexcept { return interim_ != 0; }

  /// Suspends until something changed on that side.
  class Change : public Waiter {
   public:
    Change(Http2StreamState& state, Side side) noexcept;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) noexcept;
    void await_resume() const noexcept {}

   private:
    Http2StreamState& state_;
    Side side_;
    std::coroutine_handle<> caller_;
  };
  Change change(Side side) noexcept { return {*this, side}; }

  /// Behind a 200 to an extended CONNECT: how long one side may be silent is for its protocol to say (law L9).
  void become_tunnel() noexcept { is_tunnel_ = true; }

  /// Posts `waiter` once the stream has failed; nullptr watches no longer.
  void when_failed(Waiter* waiter) noexcept;

  /// The stream that is woken instead of a waiter, while there is one.
  void attach(Http2Stream* stream) noexcept { stream_ = stream; }
  void wake(Side side) noexcept;

 private:
  friend class Http2Connection;
  friend struct Http2Callbacks;

  struct Stall : Timer {
    explicit Stall(Http2StreamState& owner) noexcept;
    Http2StreamState& state;
  };

  std::uint64_t pending() const noexcept { return (out_.size() - out_at_) + source_.size() + file_left_; }
  /// Moves the next `to.size()` pending bytes to `to`; false where a file could not be read.
  bool move_pending(MutableBytes to);
  void fail(Code why) noexcept;

  Http2Connection& connection_;
  Http2StreamState* previous_ = nullptr;  // in the connection's list
  Http2StreamState* next_ = nullptr;
  std::int32_t id_;
  Code failure_ = Code::ok;
  bool closed_ = false;    // for nghttp2: nothing may be submitted any more
  bool served_ = false;    // a task works on it
  bool starting_ = false;  // it waits for its task
  bool discards_ = false;  // what arrives is of no interest to anybody any more
  bool is_tunnel_ = false;
  bool outside_window_ = false;  // the request's body came before HTTP/2 did
  bool received_end_ = false;
  bool end_ = false;
  bool sent_end_ = false;
  std::uint64_t began_ms_;

  std::unique_ptr<Http2RequestBuilder> builder_;  // of the request, until it is served

  PooledString unread_;
  std::size_t unread_at_ = 0;
  std::uint64_t received_ = 0;
  FieldList trailers_;

  PooledString out_;
  std::size_t out_at_ = 0;
  Bytes source_;
  int file_ = -1;
  std::uint64_t file_at_ = 0;
  std::uint64_t file_left_ = 0;
  std::unique_ptr<FieldList> end_fields_;  // the trailers to send, where there are any
  std::uint32_t interim_ = 0;

  Waiter* waiting_[2] = {nullptr, nullptr};
  Waiter* when_failed_ = nullptr;
  Http2Stream* stream_ = nullptr;
  Stall stall_;
};

}  // namespace turnout
