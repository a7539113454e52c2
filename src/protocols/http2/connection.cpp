#include "protocols/http2/connection.h"

#include <algorithm>
#include <cstdlib>

#include "codec/http/date_now.h"
#include "protocols/http2/callbacks.h"
#include "protocols/http2/serve.h"
#include "transport/linger.h"

namespace turnout {
namespace {

// How long the first GOAWAY is left to work before the last one, where the client does not answer the PING behind it.
constexpr Millis drain_notice{1'000};

// The largest frame that is sent, with its header. That many bytes are free whenever nghttp2 is asked for more.
constexpr std::size_t frame_bytes_max = 16 * 1024 + 9 + 1;

}  // namespace

Http2Connection::ReadDeadline::ReadDeadline(Http2Connection& owner) noexcept
    : Timer([](Timer& timer) noexcept {
        static_cast<ReadDeadline&>(timer).connection.wire_.stream().interrupt(Side::read, Code::timed_out);
      }),
      connection(owner) {}

Http2Connection::Http2Connection(Wire wire, Session& session)
    : wire_(std::move(wire)),
      session_(session),
      stream_name_(std::string(wire_.stream().name()) + "/h2"),
      read_deadline_(*this),
      began_ms_(worker().now_ms()),
      idle_since_ms_(began_ms_),
      resets_(session.limits().resets_burst, session.limits().resets_per_second, began_ms_),
      glitches_(session.limits().glitches_burst, session.limits().glitches_per_second, began_ms_) {}

Http2Connection::~Http2Connection() {
  while (first_ != nullptr) drop(*first_);
  nghttp2_session_del(nghttp2_);
}

Task<Why> Http2Connection::run(std::unique_ptr<Http2Upgrade> upgrade) {
  upgrade_ = std::move(upgrade);
  if (!begin(upgrade_.get())) co_return Why::internal;
  session_.has_now_made(Switched::http2);
  io_.spawn(flush_loop());
  reading_ = true;
  co_await read_loop();
  reading_ = false;
  (void)wire_.stream().take_interrupt(Side::read);  // meant for the loop that has just ended
  // The children end first: they use the session of nghttp2 until they do.
  worker().wheel().clear(read_deadline_);
  fail_all(Code::reset);
  co_await streams_.join();
  finishing_ = true;
  if (flusher_.caller) worker().post(flusher_);
  co_await io_.join();
  end_because(Why::done);
  if (!broken_ && why_ != Why::peer_closed) co_await linger(std::move(wire_), session_.limits().linger);
  co_return why_;
}

bool Http2Connection::begin(Http2Upgrade* upgrade) {
  const Limits& limits = session_.limits();
  nghttp2_ = make_http2_session(limits, *this);
  if (nghttp2_ == nullptr) return false;
  // SETTINGS is our half of the preface, and the first frame whatever else is queued (RFC 9113 section 3.4).
  nghttp2_settings_entry settings[5] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes_max)},
      // The tree of priorities of RFC 7540 is deprecated, and work for us that costs a client nothing (H5).
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  };
  // RFC 8441 section 3: only where there is something to connect to.
  const bool connects = session_.site().offers_extended_connect();
  if (nghttp2_submit_settings(nghttp2_, NGHTTP2_FLAG_NONE, settings, connects ? 5 : 4) != 0) return false;
  const auto window = static_cast<std::int32_t>(limits.connection_window_bytes);
  if (nghttp2_session_set_local_window_size(nghttp2_, NGHTTP2_FLAG_NONE, 0, window) != 0) return false;
  if (upgrade == nullptr) return true;

  // RFC 7540 section 3.2: the request that offered h2c is stream 1, and its client's side has ended.
  Http2StreamState& state = open(1);
  state.outside_window_ = true;
  state.received_end_ = true;
  state.unread_ = std::move(upgrade->request.body);
  state.received_ = state.unread_.size();
  const auto* payload = reinterpret_cast<const std::uint8_t*>(upgrade->settings.data());
  const int head = upgrade->request.head.method == "HEAD" ? 1 : 0;
  if (nghttp2_session_upgrade2(nghttp2_, payload, upgrade->settings.size(), head, nullptr) != 0) return false;
  // The settings of the request were reported as a frame, but the client's preface is still to come; and a server's
  // stream gets no user data there.
  has_preface_ = false;
  return nghttp2_session_set_stream_user_data(nghttp2_, 1, &state) == 0;
}

Task<void> Http2Connection::read_loop() {
  while (true) {
    receive();
    if (flooded_) terminate(NGHTTP2_ENHANCE_YOUR_CALM, Why::flood);
    if (!over_) start_streams();
    wake_flusher();
    if (said_last_ && open_ == 0 && streams_.running() == 0) {
      end_because(Why::draining);
      co_return;
    }
    if (is_read_to_its_end()) co_return;
    arm_read_deadline();
    const Result<std::size_t> more = co_await wire_.fill();
    if (!more) {
      if (!on_interrupt(more.error().code)) co_return;
    } else if (*more == 0) {
      end_because(Why::peer_closed);
      co_return;
    }
  }
}

bool Http2Connection::is_read_to_its_end() const noexcept {
  if (over_ || broken_) return true;
  // For nghttp2 any GOAWAY of ours without an open stream is the end; but behind the first one of two, requests that
  // were on their way are still taken.
  if (draining_ && !said_last_) return false;
  // After the client's GOAWAY and its last stream there is nothing left to read.
  return nghttp2_session_want_read(nghttp2_) == 0;
}

void Http2Connection::receive() {
  const Bytes unread = wire_.peek();
  if (unread.empty() || over_) return;
  const auto* data = reinterpret_cast<const std::uint8_t*>(unread.data());
  const ssize_t n = nghttp2_session_mem_recv(nghttp2_, data, unread.size());
  wire_.consume(unread.size());
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

void Http2Connection::start_streams() {
  for (Http2StreamState* state : std::exchange(starting_, {})) {
    state->starting_ = false;
    if (state->closed_) {
      drop(*state);  // reset before its work began (H1)
      continue;
    }
    if (state->failure_ != Code::ok) continue;  // reset by us; it is dropped when it is closed
    // Handlers may live on for a while behind the reset of their streams: these count too.
    if (streams_.running() >= std::size_t{2} * session_.limits().streams_max) {
      reset(*state, NGHTTP2_REFUSED_STREAM, Code::refused);
      continue;
    }
    state->served_ = true;
    streams_.spawn(serve(*state));
  }
}

Task<void> Http2Connection::serve(Http2StreamState& state) {
  if (state.id_ == 1 && upgrade_) {
    const std::unique_ptr<Http2Upgrade> first = std::move(upgrade_);
    co_await serve_http2_request(state, first->request);
  } else {
    OwnedRequest request;
    const std::unique_ptr<Http2RequestBuilder> builder = std::move(state.builder_);
    auto head = builder->finish();
    if (head) {
      request.head = std::move(*head);
      co_await serve_http2_request(state, request);
    } else {
      request.head = builder->take_refused();
      co_await refuse_http2_request(state, request, head.error());
    }
  }
  release(state);
}

bool Http2Connection::on_interrupt(Code code) {
  switch (code) {
    case Code::cancelled: return true;  // somebody wants the loop to look around
    case Code::timed_out: on_timeout(); return true;
    case Code::draining: begin_draining(); return true;
    default:
      end_because(Why::peer_reset);
      broken_ = true;
      return false;
  }
}

void Http2Connection::arm_read_deadline() {
  const Limits& limits = session_.limits();
  const auto ms = [](Millis duration) { return static_cast<std::uint64_t>(duration.count()); };
  std::uint64_t deadline = 0;
  if (!has_preface_) {
    deadline = began_ms_ + ms(limits.header_deadline);
  } else if (block_since_ms_ != 0) {
    deadline = block_since_ms_ + ms(limits.header_deadline);
  } else if (draining_ && !said_last_) {
    deadline = draining_since_ms_ + ms(drain_notice);
  } else if (open_ == 0) {
    deadline = idle_since_ms_ + ms(limits.keep_alive_idle);
  } else {
    worker().wheel().clear(read_deadline_);
    return;
  }
  worker().wheel().set(read_deadline_, deadline);
}

void Http2Connection::on_timeout() {
  const Limits& limits = session_.limits();
  const std::uint64_t now = worker().now_ms();
  const auto is_over = [&](std::uint64_t since, Millis limit) {
    return now >= since + static_cast<std::uint64_t>(limit.count());
  };
  if (!has_preface_) {
    if (is_over(began_ms_, limits.header_deadline)) terminate(NGHTTP2_SETTINGS_TIMEOUT, Why::header_timeout);
  } else if (block_since_ms_ != 0) {
    if (is_over(block_since_ms_, limits.header_deadline)) terminate(NGHTTP2_ENHANCE_YOUR_CALM, Why::header_timeout);
  } else if (draining_ && !said_last_) {
    if (is_over(draining_since_ms_, drain_notice)) say_last_goaway();
  } else if (open_ == 0 && is_over(idle_since_ms_, limits.keep_alive_idle)) {
    terminate(NGHTTP2_NO_ERROR, Why::idle_timeout);
  }
}

// RFC 9113 section 6.8: first a GOAWAY that still takes every stream, so that requests on their way are not lost, and
// when a round trip has passed the one that names the last.
void Http2Connection::begin_draining() {
  if (std::exchange(draining_, true)) return;
  draining_since_ms_ = worker().now_ms();
  nghttp2_submit_shutdown_notice(nghttp2_);
}

void Http2Connection::say_last_goaway() {
  if (!draining_ || std::exchange(said_last_, true)) return;
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(nghttp2_);
  nghttp2_submit_goaway(nghttp2_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Connection::terminate(std::uint32_t error_code, Why why) {
  end_because(why);
  if (std::exchange(over_, true)) return;
  nghttp2_session_terminate_session(nghttp2_, error_code);
  wake_flusher();
}

void Http2Connection::wake_flusher() {
  if (flusher_.caller && nghttp2_session_want_write(nghttp2_) != 0) worker().post(flusher_);
}

void Http2Connection::wake_reader() {
  if (reading_) wire_.stream().interrupt(Side::read, Code::cancelled);
}

Task<void> Http2Connection::flush_loop() {
  std::size_t in_turn = 0;
  while (!broken_) {
    const std::span<char> scratch = worker().scratch();
    const std::size_t n = gather(scratch);
    if (flooded_ || is_read_to_its_end()) wake_reader();
    if (n == 0) {
      if (finishing_) co_return;
      in_turn = 0;
      co_await flusher_;
      continue;
    }
    wire_.expires_after(session_.limits().send_stall);  // renewed as the write goes on (H6)
    const Result<void> sent = co_await wire_.write(std::string_view(scratch.data(), n));
    wire_.expires_never();
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
      worker().post(flusher_);
      co_await flusher_;
    }
  }
}

std::size_t Http2Connection::gather(std::span<char> into) {
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

void Http2Connection::consumed(Http2StreamState& state, std::size_t n) {
  if (n == 0 || state.outside_window_) return;
  if (state.closed_) {
    nghttp2_session_consume_connection(nghttp2_, n);
  } else {
    nghttp2_session_consume(nghttp2_, state.id_, n);
  }
  wake_flusher();
}

void Http2Connection::has_more(Http2StreamState& state) {
  if (state.closed_ || state.failure_ != Code::ok) return;
  if (!state.stall_.is_set() && (!state.is_tunnel_ || state.end_)) {
    worker().set_timer(state.stall_, session_.limits().send_stall);
  }
  nghttp2_session_resume_data(nghttp2_, state.id_);
  wake_flusher();
}

bool Http2Connection::submit_head(Http2StreamState& state, const ResponseHead& head,
                                  std::optional<std::uint64_t> length, bool with_body) {
  if (state.closed_ || state.failure_ != Code::ok) return false;
  const Http2ResponseFields fields(head, {.date = http_date(worker().wall_ms()), .content_length = length});
  if (!with_body) state.end_ = true;
  const nghttp2_data_provider body = http2_body_of(state);
  const int result =
      nghttp2_submit_response(nghttp2_, state.id_, fields.data(), fields.size(), with_body ? &body : nullptr);
  wake_flusher();
  return result == 0;
}

bool Http2Connection::submit_interim(Http2StreamState& state, const ResponseHead& head) {
  if (state.closed_ || state.failure_ != Code::ok) return false;
  const Http2ResponseFields fields(head);
  const int result =
      nghttp2_submit_headers(nghttp2_, NGHTTP2_FLAG_NONE, state.id_, nullptr, fields.data(), fields.size(), nullptr);
  if (result != 0) return false;
  ++state.interim_;
  wake_flusher();
  return true;
}

void Http2Connection::reset(Http2StreamState& state, std::uint32_t error_code, Code failure) {
  if (state.failure_ != Code::ok) return;
  consumed(state, state.unread());
  if (!state.closed_) nghttp2_submit_rst_stream(nghttp2_, NGHTTP2_FLAG_NONE, state.id_, error_code);
  state.fail(failure);
  wake_flusher();
}

void Http2Connection::on_stall(Http2StreamState& state) {
  // Both sides were given their time: the client's to take what is sent, or to end its own side of a tunnel.
  const bool is_finished = state.sent_end_;
  reset(state, is_finished ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL, Code::timed_out);
}

void Http2Connection::begin_block() noexcept {
  block_since_ms_ = worker().now_ms();
  block_fields_ = block_bytes_ = 0;
}

bool Http2Connection::is_bomb() const noexcept {
  // So far beyond the limits that reading on is not worth it, even for the sake of an answer (H4).
  constexpr std::size_t patience = 8;
  return block_fields_ > session_.limits().fields_max * patience ||
         block_bytes_ > session_.limits().head_bytes_max * patience;
}

Http2StreamState& Http2Connection::open(std::int32_t id) {
  auto* state = new Http2StreamState(*this, id, worker().now_ms());
  state->next_ = first_;
  if (first_ != nullptr) first_->previous_ = state;
  first_ = state;
  ++open_;
  return *state;
}

void Http2Connection::closed(Http2StreamState& state, std::uint32_t error_code) {
  state.closed_ = true;
  --open_;
  worker().wheel().clear(state.stall_);
  // Where both sides ended what they had to say, whoever serves the stream may still read the rest.
  const bool is_complete = error_code == NGHTTP2_NO_ERROR && state.received_end_ && state.sent_end_;
  if (!is_complete && state.failure_ == Code::ok) {
    consumed(state, state.unread());
    state.fail(Code::reset);
  }
  if (!state.served_ && !state.starting_) drop(state);
  if (open_ != 0) return;
  idle_since_ms_ = worker().now_ms();
  if (said_last_) {
    wake_reader();
  } else {
    arm_read_deadline();
  }
}

void Http2Connection::release(Http2StreamState& state) {
  state.served_ = false;
  if (state.failure_ == Code::ok) {
    // An answer that was begun and not finished is not to be taken for a whole one.
    if (!state.end_) reset(state, NGHTTP2_INTERNAL_ERROR, Code::internal);
    if (state.has_unread()) (void)state.take_all();
  }
  if (said_last_) wake_reader();
  if (state.closed_) {
    drop(state);
    return;
  }
  state.discards_ = true;
  close_if_finished(state);
}

void Http2Connection::close_if_finished(Http2StreamState& state) {
  if (state.closed_ || state.served_ || !state.sent_end_ || state.received_end_) return;
  if (state.is_tunnel_) {
    worker().set_timer(state.stall_, session_.limits().linger);
    return;
  }
  // RFC 9113 section 8.1: the answer is complete, and the rest of the request is not needed.
  nghttp2_submit_rst_stream(nghttp2_, NGHTTP2_FLAG_NONE, state.id_, NGHTTP2_NO_ERROR);
  wake_flusher();
}

void Http2Connection::fail_all(Code why) noexcept {
  for (Http2StreamState* state = first_; state != nullptr; state = state->next_) state->fail(why);
}

void Http2Connection::drop(Http2StreamState& state) noexcept {
  if (state.next_ != nullptr) state.next_->previous_ = state.previous_;
  (state.previous_ != nullptr ? state.previous_->next_ : first_) = state.next_;
  delete &state;
}

}  // namespace turnout
