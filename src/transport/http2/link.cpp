#include "transport/http2/link.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "transport/http2/callbacks.h"

namespace turnout {
namespace {

// The largest frame that is sent, with its header. That many bytes are free whenever nghttp2 is asked for more.
constexpr std::size_t frame_bytes_max = 16 * 1024 + 9 + 1;

std::uint64_t ms(Millis duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Http2Link::ReadDeadline::ReadDeadline(Http2Link& owner) noexcept
    : Timer([](Timer& timer) noexcept {
        static_cast<ReadDeadline&>(timer).link.wire_->stream().interrupt(Side::read, Code::timed_out);
      }),
      link(owner) {}

Http2Link::Http2Link(Wire wire, const Limits& limits, Http2Role role)
    : worker_(wire.worker()),
      limits_(limits),
      role_(role),
      layer_(wire.stream().layer()),
      stream_name_(std::string(wire.stream().name()) + "/h2"),
      wire_(std::move(wire)),
      read_deadline_(*this),
      began_ms_(worker_.now_ms()),
      idle_since_ms_(began_ms_),
      glitches_(limits.glitches_burst, limits.glitches_per_second, began_ms_) {}

Http2Link::~Http2Link() {
  while (first_ != nullptr) drop(*first_);
  nghttp2_session_del(nghttp2_);
}

bool Http2Link::begin(std::span<const nghttp2_settings_entry> settings) {
  nghttp2_ = make_http2_session(role_, limits_, *this);
  if (nghttp2_ == nullptr) return false;
  if (nghttp2_submit_settings(nghttp2_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0) return false;
  const auto window = static_cast<std::int32_t>(limits_.connection_window_bytes);
  return nghttp2_session_set_local_window_size(nghttp2_, NGHTTP2_FLAG_NONE, 0, window) == 0;
}

Task<void> Http2Link::read() {
  io_.spawn(flush_loop());
  reading_ = true;
  co_await read_loop();
  reading_ = false;
  (void)wire_->stream().take_interrupt(Side::read);  // meant for the loop that has just ended
  worker_.wheel().clear(read_deadline_);
  over_ = true;
  for (Http2StreamState* state = first_; state != nullptr; state = state->next_) {
    if (!state->closed_) on_end_of_connection(*state);
  }
}

Task<void> Http2Link::finish() {
  finishing_ = true;
  if (flusher_.caller) worker_.post(flusher_);
  co_await io_.join();
  end_because(Why::done);
}

Task<void> Http2Link::read_loop() {
  while (true) {
    receive();
    if (flooded_) terminate(NGHTTP2_ENHANCE_YOUR_CALM, Why::flood);
    const bool goes_on = on_received();
    wake_flusher();
    if (!goes_on || is_read_to_its_end()) co_return;
    arm_read_deadline();
    const Result<std::size_t> more = co_await wire_->fill();
    if (!more) {
      if (!on_interrupt(more.error().code)) co_return;
    } else if (*more == 0) {
      end_because(Why::peer_closed);
      co_return;
    }
  }
}

bool Http2Link::is_read_to_its_end() const noexcept {
  if (over_ || broken_) return true;
  if (keeps_reading()) return false;
  // After a GOAWAY and the last stream there is nothing left to read.
  return nghttp2_session_want_read(nghttp2_) == 0;
}

void Http2Link::receive() {
  const Bytes unread = wire_->peek();
  if (unread.empty() || over_) return;
  const auto* data = reinterpret_cast<const std::uint8_t*>(unread.data());
  const ssize_t n = nghttp2_session_mem_recv(nghttp2_, data, unread.size());
  wire_->consume(unread.size());
  if (n >= 0) return;
  switch (n) {
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:  // RFC 9113 section 3.4
      terminate(NGHTTP2_PROTOCOL_ERROR, Why::malformed);
      break;
    case NGHTTP2_ERR_CALLBACK_FAILURE:  // ours: flooded_ is set
    case NGHTTP2_ERR_FLOODED:
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: terminate(NGHTTP2_ENHANCE_YOUR_CALM, Why::flood); break;
    default: terminate(NGHTTP2_INTERNAL_ERROR, Why::internal); break;
  }
}

bool Http2Link::on_interrupt(Code code) {
  switch (code) {
    case Code::cancelled: return true;  // somebody wants the loop to look around
    case Code::timed_out: on_timeout(); return true;
    case Code::draining: on_drain(); return true;
    default:
      end_because(Why::peer_reset);
      broken_ = true;
      return false;
  }
}

std::optional<std::uint64_t> Http2Link::next_deadline_ms() const noexcept {
  if (!has_preface_) return began_ms_ + ms(limits_.header_deadline);
  if (section_since_ms_ != 0) return section_since_ms_ + ms(limits_.header_deadline);
  return deadline_ms();
}

void Http2Link::arm_read_deadline() {
  if (!reading_) return;
  if (const auto deadline = next_deadline_ms(); deadline) {
    worker_.wheel().set(read_deadline_, *deadline);
  } else {
    worker_.wheel().clear(read_deadline_);
  }
}

void Http2Link::on_timeout() {
  const auto deadline = next_deadline_ms();
  if (!deadline || worker_.now_ms() < *deadline) return;  // it has moved meanwhile
  if (!has_preface_) {
    terminate(NGHTTP2_SETTINGS_TIMEOUT, Why::header_timeout);
  } else if (section_since_ms_ != 0) {
    terminate(NGHTTP2_ENHANCE_YOUR_CALM, Why::header_timeout);
  } else {
    on_deadline();
  }
}

void Http2Link::terminate(std::uint32_t error_code, Why why) {
  end_because(why);
  if (std::exchange(over_, true)) return;
  nghttp2_session_terminate_session(nghttp2_, error_code);
  wake_flusher();
}

void Http2Link::break_off() noexcept {
  if (!wire_) return;
  end_because(Why::draining);
  broken_ = true;
  wire_->stream().abort();
}

void Http2Link::wake_flusher() {
  if (flusher_.caller && nghttp2_session_want_write(nghttp2_) != 0) worker_.post(flusher_);
}

void Http2Link::wake_reader() {
  if (reading_) wire_->stream().interrupt(Side::read, Code::cancelled);
}

Task<void> Http2Link::flush_loop() {
  std::size_t in_turn = 0;
  while (!broken_) {
    const std::span<char> scratch = worker_.scratch();
    const std::size_t n = gather(scratch);
    if (flooded_ || is_read_to_its_end()) wake_reader();
    if (n == 0) {
      if (finishing_) co_return;
      in_turn = 0;
      co_await flusher_;
      continue;
    }
    wire_->expires_after(limits_.send_stall);  // renewed as the write goes on (H6)
    const Result<void> sent = co_await wire_->write(std::string_view(scratch.data(), n));
    wire_->expires_never();
    if (!sent) {
      end_because(sent.error().code == Code::timed_out ? Why::send_timeout : Why::peer_reset);
      broken_ = true;
      wake_reader();
      co_return;
    }
    // A peer that takes everything at once must not keep the others waiting (D7).
    in_turn += n;
    if (in_turn >= Worker::turn_budget_bytes) {
      in_turn = 0;
      worker_.post(flusher_);
      co_await flusher_;
    }
  }
}

std::size_t Http2Link::gather(std::span<char> into) {
  output_ = into;
  while (output_.size() >= frame_bytes_max) {
    const std::uint8_t* data = nullptr;
    const ssize_t n = nghttp2_session_mem_send(nghttp2_, &data);
    if (n <= 0) {
      if (n < 0) {
        end_because(Why::internal);
        over_ = true;
      }
      break;
    }
    const auto size = static_cast<std::size_t>(n);
    if (size > output_.size()) std::abort();  // frames are not longer than SETTINGS_MAX_FRAME_SIZE at its least
    std::memcpy(output_.data(), data, size);
    output_ = output_.subspan(size);
  }
  return into.size() - output_.size();
}

void Http2Link::consumed(Http2StreamState& state, std::size_t n) {
  if (n == 0 || state.outside_window_) return;
  if (state.closed_) {
    nghttp2_session_consume_connection(nghttp2_, n);
  } else {
    nghttp2_session_consume(nghttp2_, state.id_, n);
  }
  wake_flusher();
}

void Http2Link::has_more(Http2StreamState& state) {
  if (state.closed_ || state.stopped_) return;
  if (!state.stall_.is_set() && (!state.is_tunnel_ || state.end_)) {
    worker_.set_timer(state.stall_, limits_.send_stall);
  }
  nghttp2_session_resume_data(nghttp2_, state.id_);
  wake_flusher();
}

void Http2Link::reset(Http2StreamState& state, std::uint32_t error_code, Code failure) {
  if (state.failure_ != Code::ok) return;
  consumed(state, state.unread());
  if (!state.closed_) nghttp2_submit_rst_stream(nghttp2_, NGHTTP2_FLAG_NONE, state.id_, error_code);
  state.fail(failure);
  wake_flusher();
}

void Http2Link::on_stall(Http2StreamState& state) {
  // Both sides were given their time: the peer's to take what is sent, or to end its own side of a tunnel.
  const bool is_finished = role_ == Http2Role::server && state.sent_end_;
  reset(state, is_finished ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL, Code::timed_out);
}

void Http2Link::begin_section() noexcept {
  section_since_ms_ = worker_.now_ms();
  section_fields_ = section_bytes_ = 0;
}

bool Http2Link::is_bomb() const noexcept {
  // So far beyond the limits that reading on is not worth it, even for the sake of an answer (H4).
  constexpr std::size_t patience = 8;
  return section_fields_ > limits_.fields_max * patience || section_bytes_ > limits_.head_bytes_max * patience;
}

bool Http2Link::has_too_many_trailers() const noexcept {
  return section_fields_ > limits_.fields_max || section_bytes_ > limits_.trailer_bytes_max;
}

void Http2Link::add(Http2StreamState& state, std::int32_t id) noexcept {
  state.id_ = id;
  state.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &state;
  first_ = &state;
  ++open_;
}

void Http2Link::closed(Http2StreamState& state, std::uint32_t error_code) {
  state.closed_ = true;
  --open_;
  worker_.wheel().clear(state.stall_);
  if (state.failure_ == Code::ok && is_complete(state, error_code)) {
    state.stop_sending();  // whoever holds the stream may still read the rest
  } else if (state.failure_ == Code::ok) {
    consumed(state, state.unread());
    state.fail(failure_of(state, error_code));
  }
  if (!state.held_) drop(state);
  if (open_ != 0) return;
  idle_since_ms_ = worker_.now_ms();
  on_all_closed();
}

void Http2Link::release(Http2StreamState& state) {
  state.held_ = false;
  if (state.failure_ == Code::ok && state.has_unread()) (void)state.take_all();
  if (state.closed_) {
    drop(state);
    return;
  }
  state.discards_ = true;
  close_if_finished(state);
}

void Http2Link::close_if_finished(Http2StreamState& state) {
  if (state.closed_ || state.held_ || !state.sent_end_ || state.received_end_) return;
  if (state.is_tunnel_) {
    worker_.set_timer(state.stall_, limits_.linger);
  } else {
    close_half(state);
  }
}

void Http2Link::drop(Http2StreamState& state) noexcept {
  if (state.next_ != nullptr) state.next_->previous_ = state.previous_;
  (state.previous_ != nullptr ? state.previous_->next_ : first_) = state.next_;
  delete &state;
}

}  // namespace turnout
