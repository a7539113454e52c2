// Http2StreamState: one stream of a connection, between nghttp2 on one side and whoever holds it on the other.
//
// What arrives is held until it is taken, and taking it opens the flow-control window again: the window is the
// backpressure and the bound. What is to be sent is held up to `buffer_bytes_max`, or stays where it is with the one
// who waits for it to leave (`deliver`).
//
// The state goes away when both sides are through with it: nghttp2 has closed the stream, and nobody holds it. What a
// server or a client knows about a stream beside this is in a class of its own.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/pool.h"
#include "codec/http/fields.h"
#include "runtime/task.h"
#include "runtime/timer_wheel.h"
#include "runtime/waiter.h"
#include "transport/stream.h"

namespace turnout {

class Http2Link;
class Http2Stream;
struct Http2Callbacks;

class Http2StreamState : public Pooled {
 public:
  static constexpr std::size_t buffer_bytes_max = 64 * 1024;

  explicit Http2StreamState(Http2Link& link) noexcept;
  Http2StreamState(const Http2StreamState&) = delete;
  Http2StreamState& operator=(const Http2StreamState&) = delete;
  virtual ~Http2StreamState() = default;

  Http2Link& link() const noexcept { return link_; }
  std::int32_t id() const noexcept { return id_; }
  std::uint64_t began_ms() const noexcept { return began_ms_; }

  /// Code::ok while the stream works; then why it does not, for good.
  Code failure() const noexcept { return failure_; }
  /// The peer's, in RST_STREAM.
  std::optional<std::uint32_t> reset_code() const noexcept { return reset_code_; }
  /// Nothing can be sent any more, though what has come can still be read.
  bool is_stopped() const noexcept { return stopped_; }

  // Receiving.
  bool has_unread() const noexcept { return unread_at_ != unread_.size(); }
  std::size_t unread() const noexcept { return unread_.size() - unread_at_; }
  bool has_ended() const noexcept { return received_end_; }
  std::uint64_t received() const noexcept { return received_; }
  std::size_t take(MutableBytes into);
  PooledString take_all();
  /// Behind the body: complete where has_ended() and nothing is unread.
  const FieldList& trailers() const noexcept { return trailers_; }
  /// The whole body came by another way than this stream.
  void receive_all(PooledString body) noexcept;

  // Sending.
  std::size_t room() const noexcept;
  void append(Bytes bytes);
  /// Takes a copy, where the piece is small and there is room for it.
  bool try_append(Bytes bytes);
  /// Back when all of it has left, or the stream has failed or was stopped.
  Task<void> deliver(Bytes bytes, bool ends = false);
  Task<void> deliver_file(int descriptor, std::uint64_t offset, std::uint64_t size);
  void end();
  /// The same, with these fields behind the body.
  void end(const FieldList& trailers);
  /// The head that was sent is all there is.
  void end_with_head() noexcept { end_ = true; }
  bool is_ended() const noexcept { return end_; }
  bool has_sent_head() const noexcept { return sent_head_; }
  bool has_sent_end() const noexcept { return sent_end_; }
  /// What is pending is dropped, and nothing more is taken; the peer's side goes on.
  void stop_sending() noexcept;

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

  /// Ends the waiting for change(Side::read) at a time; is_over tells that it did.
  struct Deadline : Timer {
    explicit Deadline(Http2StreamState& owner) noexcept;
    Http2StreamState& state;
    bool is_over = false;
  };

  /// Behind a 200 to an extended CONNECT: how long one side may be silent is for its protocol to say (law L9).
  void become_tunnel() noexcept { is_tunnel_ = true; }
  bool is_tunnel() const noexcept { return is_tunnel_; }

  /// Posts `waiter` once the stream has failed; nullptr watches no longer.
  void when_failed(Waiter* waiter) noexcept;

  /// The stream that is woken instead of a waiter, while there is one.
  void attach(Http2Stream* stream) noexcept { stream_ = stream; }
  void wake(Side side) noexcept;

 private:
  friend class Http2Link;
  friend struct Http2Callbacks;

  struct Stall : Timer {
    explicit Stall(Http2StreamState& owner) noexcept;
    Http2StreamState& state;
  };

  void receive(Bytes bytes);
  std::uint64_t pending() const noexcept { return (out_.size() - out_at_) + source_.size() + file_left_; }
  /// Moves the next `to.size()` pending bytes to `to`; false where a file could not be read.
  bool move_pending(MutableBytes to);
  Task<void> left();
  void fail(Code why) noexcept;

  Http2Link& link_;
  Http2StreamState* previous_ = nullptr;  // in the link's list
  Http2StreamState* next_ = nullptr;
  std::int32_t id_ = 0;
  std::optional<std::uint32_t> reset_code_;
  Code failure_ = Code::ok;
  bool closed_ = false;    // for nghttp2: nothing may be submitted any more
  bool held_ = false;      // somebody works on it, or will
  bool discards_ = false;  // what arrives is of no interest to anybody any more
  bool in_head_ = false;   // the field section that comes is a head, not trailers
  bool is_tunnel_ = false;
  bool stopped_ = false;
  bool outside_window_ = false;  // the body came by another way
  bool received_end_ = false;
  bool end_ = false;
  bool sent_head_ = false;
  bool sent_end_ = false;
  std::uint64_t began_ms_;

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
  std::size_t announced_ = 0;              // of what is pending: in the head of a DATA frame that has not left
  std::unique_ptr<FieldList> end_fields_;  // the trailers to send, where there are any

  Waiter* waiting_[2] = {nullptr, nullptr};
  Waiter* when_failed_ = nullptr;
  Http2Stream* stream_ = nullptr;
  Stall stall_;
};

}  // namespace turnout
