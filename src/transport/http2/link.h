// Http2Link: nghttp2 on one wire, with all that a server's and a client's connection have in common.
//
//              wire --> read_loop --> nghttp2_session_mem_recv --> callbacks: append to a stream's state, and wake
//   whoever holds a stream: takes what arrived, appends what is to be sent, and wakes
//              wire <-- flush_loop <-- nghttp2_session_mem_send, gathered: one write for all that is ready
//
// nghttp2 is not re-entrant: no callback runs a task. What the two roles do differently is in the virtual functions;
// those that are called from within a callback only note and wake as well.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/token_bucket.h"
#include "base/why.h"
#include "codec/http/fields.h"
#include "runtime/task.h"
#include "runtime/task_group.h"
#include "transport/http2/stream_state.h"
#include "transport/wire.h"

namespace turnout {

enum class Http2Role : std::uint8_t { server, client };

class Http2Link {
 public:
  Http2Link(const Http2Link&) = delete;
  Http2Link& operator=(const Http2Link&) = delete;
  virtual ~Http2Link();

  // For those who hold a stream.
  Worker& worker() const noexcept { return worker_; }
  const Limits& limits() const noexcept { return limits_; }
  std::uint8_t layer() const noexcept { return layer_; }
  std::string_view stream_name() const noexcept { return stream_name_; }

  /// Whoever holds the stream has taken these bytes: the peer may send as many again.
  void consumed(Http2StreamState& state, std::size_t n);
  /// The stream has more to send, or its end.
  void has_more(Http2StreamState& state);
  /// RST_STREAM; what waits on the stream ends with `failure`.
  void reset(Http2StreamState& state, std::uint32_t error_code, Code failure);
  void on_stall(Http2StreamState& state);
  /// It is not held any longer, and may go away with this call.
  virtual void release(Http2StreamState& state);

 protected:
  Http2Link(Wire wire, const Limits& limits, Http2Role role);

  // Its life, in this order.
  /// SETTINGS is our half of the preface, and the first frame whatever else is queued (RFC 9113 section 3.4).
  bool begin(std::span<const nghttp2_settings_entry> settings);
  /// Reads, and writes, until nothing more is to be read; then what is open has failed.
  Task<void> read();
  /// Writes what is queued to its end.
  Task<void> finish();

  // From the outside in.
  /// What was read has been taken in; false ends the reading.
  virtual bool on_received() { return true; }
  /// Where nghttp2 sees the end of all reading, and there is more to come.
  virtual bool keeps_reading() const noexcept { return false; }
  virtual void on_drain() = 0;
  /// When on_deadline() is to be called, unless the peer keeps a head or its preface waiting.
  virtual std::optional<std::uint64_t> deadline_ms() const noexcept = 0;
  virtual void on_deadline() = 0;

  // From the callbacks of nghttp2.
  /// Of a field section that begins: its stream where it is a head, then its fields, then its end.
  virtual Http2StreamState* begin_head(const nghttp2_frame& frame, Http2StreamState* state) = 0;
  virtual void on_head_field(Http2StreamState& state, Field field) = 0;
  virtual void on_head(Http2StreamState& state, bool ends) = 0;
  virtual void on_headers_sent(Http2StreamState& /*state*/) {}
  virtual void on_settings(bool /*is_first*/) {}
  virtual void on_ping_answered() {}
  /// RST_STREAM came, or leaves.
  virtual void count_reset(const Http2StreamState* state, bool is_ours, std::uint32_t error_code) = 0;
  /// Our GOAWAY without an error has left.
  virtual void on_goaway_sent() {}
  /// nghttp2 has closed it, and there is no failure of ours: is all of the message here that will come?
  virtual bool is_complete(const Http2StreamState& state, std::uint32_t error_code) const noexcept = 0;
  virtual Code failure_of(const Http2StreamState& state, std::uint32_t error_code) const noexcept = 0;
  /// The connection is over, and the stream is not.
  virtual void on_end_of_connection(Http2StreamState& state) noexcept = 0;
  /// The last stream was closed.
  virtual void on_all_closed() { arm_read_deadline(); }
  /// Of a message: our side has ended, nobody holds it, and the peer's side has not ended.
  virtual void close_half(Http2StreamState& state) = 0;

  // For the roles.
  nghttp2_session* nghttp2() const noexcept { return nghttp2_; }
  /// Takes the state over, with the id it has in nghttp2.
  void add(Http2StreamState& state, std::int32_t id) noexcept;
  void terminate(std::uint32_t error_code, Why why);
  void end_because(Why why) noexcept {
    if (why_ == Why::none) why_ = why;
  }
  void wake_flusher();
  void wake_reader();
  void arm_read_deadline();
  void count(TokenBucket& bucket) noexcept {
    if (!bucket.take(worker().now_ms())) flooded_ = true;
  }
  void count_glitch() noexcept { count(glitches_); }
  void expect_preface_again() noexcept { has_preface_ = false; }
  Wire take_wire() noexcept { return std::move(*std::exchange(wire_, std::nullopt)); }
  void break_off() noexcept;
  static void hold(Http2StreamState& state) noexcept { state.held_ = true; }
  static void fail(Http2StreamState& state, Code why) noexcept { state.fail(why); }

  Why why() const noexcept { return why_; }
  std::size_t open_streams() const noexcept { return open_; }  // that nghttp2 has open
  std::uint64_t idle_since_ms() const noexcept { return idle_since_ms_; }
  bool has_preface() const noexcept { return has_preface_; }
  bool is_over() const noexcept { return over_; }
  bool is_broken() const noexcept { return broken_; }

 private:
  friend struct Http2Callbacks;

  struct ReadDeadline : Timer {
    explicit ReadDeadline(Http2Link& owner) noexcept;
    Http2Link& link;
  };
  struct Flusher : Waiter {
    Flusher() noexcept : Waiter([](Waiter& waiter) noexcept { static_cast<Flusher&>(waiter).resume(); }) {}
    void resume() noexcept { std::exchange(caller, {}).resume(); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> suspended) noexcept { caller = suspended; }
    void await_resume() const noexcept {}
    std::coroutine_handle<> caller;
  };

  Task<void> read_loop();
  Task<void> flush_loop();
  bool is_read_to_its_end() const noexcept;
  void receive();
  bool on_interrupt(Code code);
  void on_timeout();
  std::optional<std::uint64_t> next_deadline_ms() const noexcept;
  std::size_t gather(std::span<char> into);
  void begin_section() noexcept;
  bool is_bomb() const noexcept;
  bool has_too_many_trailers() const noexcept;
  void closed(Http2StreamState& state, std::uint32_t error_code);
  void close_if_finished(Http2StreamState& state);
  void drop(Http2StreamState& state) noexcept;

  Worker& worker_;
  const Limits& limits_;
  Http2Role role_;
  std::uint8_t layer_;
  std::string stream_name_;
  std::optional<Wire> wire_;
  nghttp2_session* nghttp2_ = nullptr;
  Why why_ = Why::none;

  TaskGroup io_;
  Flusher flusher_;
  ReadDeadline read_deadline_;
  std::span<char> output_;  // where gather() puts things, and how much room is left there
  bool reading_ = false;    // read_loop has not ended
  bool finishing_ = false;  // nothing new: what is queued goes out, and that is the end
  bool broken_ = false;     // nothing can be written any more
  bool over_ = false;       // the last GOAWAY was said, or nothing more is read for another reason
  bool flooded_ = false;    // found in a callback; acted on behind it
  bool has_preface_ = false;

  Http2StreamState* first_ = nullptr;
  std::size_t open_ = 0;

  std::uint64_t began_ms_;
  std::uint64_t idle_since_ms_;
  std::uint64_t section_since_ms_ = 0;  // a field section has begun and not ended; 0: none
  std::size_t section_fields_ = 0;      // decoded of it
  std::size_t section_bytes_ = 0;
  TokenBucket glitches_;
};

}  // namespace turnout
