// Http2Connection: nghttp2 on one wire, as the server.
//
//              wire --> read_loop --> nghttp2_session_mem_recv --> callbacks: append to a stream's state, and wake
//   serve(stream), one task each: takes what arrived, appends what is to be sent, and wakes
//              wire <-- flush_loop <-- nghttp2_session_mem_send, gathered: one write for all that is ready
//
// nghttp2 is not re-entrant: no callback runs a task. The tasks of the streams are children of the connection and
// joined before the session of nghttp2 goes away.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/http2/response_fields.h"
#include "protocols/http2/settings.h"
#include "protocols/http2/stream_state.h"
#include "protocols/http2/token_bucket.h"
#include "runtime/task.h"
#include "runtime/task_group.h"
#include "switching/session.h"
#include "switching/upgrade.h"
#include "transport/wire.h"

namespace turnout {

/// The request that offered h2c, and the HTTP2-Settings that came with it.
struct Http2Upgrade : Pooled {
  Http2Settings settings;
  OwnedRequest request;
};

class Http2Connection {
 public:
  Http2Connection(Wire wire, Session& session);
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;
  ~Http2Connection();

  /// Speaks until the connection is over. `upgrade` is moved from.
  Task<Why> run(std::unique_ptr<Http2Upgrade> upgrade);

  // For those who serve a stream.
  Worker& worker() const noexcept { return session_.worker(); }
  Session& session() const noexcept { return session_; }
  std::uint8_t layer() const noexcept { return wire_.stream().layer(); }
  std::string_view stream_name() const noexcept { return stream_name_; }

  /// The handler has taken these bytes: the peer may send as many again.
  void consumed(Http2StreamState& state, std::size_t n);
  /// The stream has more to send, or its end.
  void has_more(Http2StreamState& state);
  bool submit_head(Http2StreamState& state, const ResponseHead& head, std::optional<std::uint64_t> length,
                   bool with_body);
  /// An answer ahead of the answer. False where the stream cannot take it any more.
  bool submit_interim(Http2StreamState& state, const ResponseHead& head);
  /// RST_STREAM; what waits on the stream ends with `failure`.
  void reset(Http2StreamState& state, std::uint32_t error_code, Code failure);
  void on_stall(Http2StreamState& state);

 private:
  friend struct Http2Callbacks;

  struct ReadDeadline : Timer {
    explicit ReadDeadline(Http2Connection& owner) noexcept;
    Http2Connection& connection;
  };
  struct Flusher : Waiter {
    Flusher() noexcept : Waiter([](Waiter& waiter) noexcept { static_cast<Flusher&>(waiter).resume(); }) {}
    void resume() noexcept { std::exchange(caller, {}).resume(); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> suspended) noexcept { caller = suspended; }
    void await_resume() const noexcept {}
    std::coroutine_handle<> caller;
  };

  bool begin(Http2Upgrade* upgrade);
  Task<void> read_loop();
  Task<void> flush_loop();
  Task<void> serve(Http2StreamState& state);

  bool is_read_to_its_end() const noexcept;
  void receive();
  void start_streams();
  bool on_interrupt(Code code);
  void on_timeout();
  void arm_read_deadline();
  void wake_flusher();
  void wake_reader();
  std::size_t gather(std::span<char> into);

  void begin_draining();
  void say_last_goaway();
  void terminate(std::uint32_t error_code, Why why);
  void end_because(Why why) noexcept {
    if (why_ == Why::none) why_ = why;
  }
  void count(TokenBucket& bucket) noexcept {
    if (!bucket.take(worker().now_ms())) flooded_ = true;
  }
  void begin_block() noexcept;
  bool is_bomb() const noexcept;

  Http2StreamState& open(std::int32_t id);
  void closed(Http2StreamState& state, std::uint32_t error_code);
  void drop(Http2StreamState& state) noexcept;
  void fail_all(Code why) noexcept;
  void release(Http2StreamState& state);
  void close_if_finished(Http2StreamState& state);

  Wire wire_;
  Session& session_;
  nghttp2_session* nghttp2_ = nullptr;
  Why why_ = Why::none;
  std::string stream_name_;

  TaskGroup streams_;
  TaskGroup io_;
  Flusher flusher_;
  ReadDeadline read_deadline_;
  std::span<char> output_;  // where gather() puts things, and how much room is left there
  bool reading_ = false;    // read_loop has not ended
  bool finishing_ = false;  // nothing new: what is queued goes out, and that is the end
  bool broken_ = false;     // nothing can be written any more
  bool over_ = false;       // the last GOAWAY was said, or nothing more is read for another reason
  bool flooded_ = false;    // found in a callback; acted on behind it

  Http2StreamState* first_ = nullptr;
  std::size_t open_ = 0;                      // streams that nghttp2 has open
  PooledVector<Http2StreamState*> starting_;  // their heads are whole; their tasks begin after mem_recv

  std::uint64_t began_ms_;
  std::uint64_t idle_since_ms_;
  std::uint64_t block_since_ms_ = 0;  // a field section has begun and not ended; 0: none
  std::size_t block_fields_ = 0;      // decoded of it
  std::size_t block_bytes_ = 0;
  bool has_preface_ = false;
  bool draining_ = false;  // the first GOAWAY is out
  bool said_last_ = false;
  std::uint64_t draining_since_ms_ = 0;
  std::unique_ptr<Http2Upgrade> upgrade_;  // until its request is served

  TokenBucket resets_;
  TokenBucket glitches_;
};

}  // namespace turnout
