#include "protocols/http2/connection.h"

#include "codec/http/date_now.h"
#include "protocols/http2/serve.h"
#include "transport/http2/callbacks.h"
#include "transport/linger.h"

namespace turnout {
namespace {

// How long the first GOAWAY is left to work before the last one, where the client does not answer the PING behind it.
constexpr Millis drain_notice{1'000};

Http2ServerStream& of(Http2StreamState& state) noexcept {
  return static_cast<Http2ServerStream&>(state);
}

}  // namespace

Http2Connection::Http2Connection(Wire wire, Session& session)
    : Http2Link(std::move(wire), session.limits(), Http2Role::server),
      session_(session),
      resets_(limits().resets_burst, limits().resets_per_second, worker().now_ms()) {}

Task<Why> Http2Connection::run(std::unique_ptr<Http2Upgrade> upgrade) {
  upgrade_ = std::move(upgrade);
  if (!begin()) co_return Why::internal;
  session_.has_now_made(Switched::http2);
  co_await read();
  // The children end first: they use the session of nghttp2 until they do.
  co_await streams_.join();
  co_await finish();
  if (!is_broken() && why() != Why::peer_closed) co_await linger(take_wire(), limits().linger);
  co_return why();
}

bool Http2Connection::begin() {
  const nghttp2_settings_entry settings[5] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits().streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits().stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits().head_bytes_max)},
      // The tree of priorities of RFC 7540 is deprecated, and work for us that costs a client nothing (H5).
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  };
  // RFC 8441 section 3: only where there is something to connect to.
  const std::size_t count = session_.site().offers_extended_connect() ? 5 : 4;
  return Http2Link::begin({settings, count}) && (!upgrade_ || begin_upgraded());
}

// RFC 7540 section 3.2: the request that offered h2c is stream 1, and its client's side has ended.
bool Http2Connection::begin_upgraded() {
  auto* stream = new Http2ServerStream(*this);
  add(*stream, 1);
  hold(*stream);
  stream->receive_all(std::move(upgrade_->request.body));
  const auto* payload = reinterpret_cast<const std::uint8_t*>(upgrade_->settings.data());
  const int head = upgrade_->request.head.method == "HEAD" ? 1 : 0;
  if (nghttp2_session_upgrade2(nghttp2(), payload, upgrade_->settings.size(), head, nullptr) != 0) return false;
  // The settings of the request were reported as a frame, but the client's preface is still to come; and a server's
  // stream gets no user data there.
  expect_preface_again();
  upgraded_ = stream;
  return nghttp2_session_set_stream_user_data(nghttp2(), 1, stream) == 0;
}

bool Http2Connection::on_received() {
  if (!is_over()) start_streams();
  if (!said_last_ || open_streams() != 0 || streams_.running() != 0) return true;
  end_because(Why::draining);
  return false;
}

void Http2Connection::start_streams() {
  for (Http2ServerStream* stream : std::exchange(starting_, {})) {
    // Reset before its work began (H1), by the client or by us.
    const bool is_reset = stream->failure() != Code::ok;
    // Handlers may live on for a while behind the reset of their streams: these count too.
    if (is_reset || streams_.running() >= std::size_t{2} * limits().streams_max) {
      reset(*stream, NGHTTP2_REFUSED_STREAM, Code::refused);
      release(*stream);
    } else {
      streams_.spawn(serve(*stream));
    }
  }
}

Task<void> Http2Connection::serve(Http2ServerStream& stream) {
  if (stream.id() == 1 && upgrade_) {
    const std::unique_ptr<Http2Upgrade> first = std::move(upgrade_);
    co_await serve_http2_request(stream, first->request);
  } else {
    OwnedRequest request;
    const std::unique_ptr<Http2RequestBuilder> builder = std::move(stream.builder);
    auto head = builder->finish();
    if (head) {
      request.head = std::move(*head);
      co_await serve_http2_request(stream, request);
    } else {
      request.head = builder->take_refused();
      co_await refuse_http2_request(stream, request, head.error());
    }
  }
  // An answer that was begun and not finished is not to be taken for a whole one.
  if (!stream.is_ended()) reset(stream, NGHTTP2_INTERNAL_ERROR, Code::internal);
  release(stream);
  if (said_last_) wake_reader();
}

bool Http2Connection::keeps_reading() const noexcept {
  // For nghttp2 any GOAWAY of ours without an open stream is the end; but behind the first one of two, requests that
  // were on their way are still taken.
  return draining_ && !said_last_;
}

std::optional<std::uint64_t> Http2Connection::deadline_ms() const noexcept {
  const auto ms = [](Millis duration) { return static_cast<std::uint64_t>(duration.count()); };
  if (draining_ && !said_last_) return draining_since_ms_ + ms(drain_notice);
  if (open_streams() == 0) return idle_since_ms() + ms(limits().keep_alive_idle);
  return std::nullopt;
}

void Http2Connection::on_deadline() {
  if (draining_ && !said_last_) {
    say_last_goaway();
  } else {
    terminate(NGHTTP2_NO_ERROR, Why::idle_timeout);
  }
}

// RFC 9113 section 6.8: first a GOAWAY that still takes every stream, so that requests on their way are not lost, and
// when a round trip has passed the one that names the last.
void Http2Connection::on_drain() {
  if (std::exchange(draining_, true)) return;
  draining_since_ms_ = worker().now_ms();
  nghttp2_submit_shutdown_notice(nghttp2());
}

void Http2Connection::say_last_goaway() {
  if (!draining_ || std::exchange(said_last_, true)) return;
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(nghttp2());
  nghttp2_submit_goaway(nghttp2(), NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
}

void Http2Connection::on_goaway_sent() {
  // Its answer says that the client has seen the GOAWAY before it; queued together, the PING would go first.
  if (draining_ && !said_last_) nghttp2_submit_ping(nghttp2(), NGHTTP2_FLAG_NONE, nullptr);
}

Http2StreamState* Http2Connection::begin_head(const nghttp2_frame& frame, Http2StreamState* /*state*/) {
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return nullptr;
  auto* stream = new Http2ServerStream(*this);
  add(*stream, frame.hd.stream_id);
  stream->builder = std::make_unique<Http2RequestBuilder>(limits(), session_.is_secure());
  return stream;
}

void Http2Connection::on_head_field(Http2StreamState& state, Field field) {
  of(state).builder->add(field.name, field.value);
}

void Http2Connection::on_head(Http2StreamState& state, bool /*ends*/) {
  hold(state);
  starting_.push_back(&of(state));
}

void Http2Connection::on_settings(bool is_first) {
  // The connection that the answer to an upgrade goes to has shown that it speaks HTTP/2.
  if (is_first && upgraded_ != nullptr) starting_.push_back(std::exchange(upgraded_, nullptr));
}

void Http2Connection::on_headers_sent(Http2StreamState& state) {
  of(state).head_sent();
}

void Http2Connection::count_reset(const Http2StreamState* /*state*/, bool is_ours, std::uint32_t error_code) {
  // A client can make a server reset streams just as well as do it itself (H2). An answer that came before the
  // request's end is none of its tricks.
  if (!is_ours || error_code != NGHTTP2_NO_ERROR) count(resets_);
}

bool Http2Connection::is_complete(const Http2StreamState& state, std::uint32_t error_code) const noexcept {
  return error_code == NGHTTP2_NO_ERROR && state.has_ended() && state.has_sent_end();
}

Code Http2Connection::failure_of(const Http2StreamState& /*state*/, std::uint32_t /*error_code*/) const noexcept {
  return Code::reset;
}

void Http2Connection::on_all_closed() {
  if (said_last_) {
    wake_reader();
  } else {
    arm_read_deadline();
  }
}

void Http2Connection::close_half(Http2StreamState& state) {
  // RFC 9113 section 8.1: the answer is complete, and the rest of the request is not needed.
  nghttp2_submit_rst_stream(nghttp2(), NGHTTP2_FLAG_NONE, state.id(), NGHTTP2_NO_ERROR);
  wake_flusher();
}

bool Http2Connection::submit_head(Http2ServerStream& stream, const ResponseHead& head,
                                  std::optional<std::uint64_t> length, bool with_body) {
  if (stream.is_stopped()) return false;
  const Http2ResponseFields fields(head, {.date = http_date(worker().wall_ms()), .content_length = length});
  if (!with_body) stream.end_with_head();
  const nghttp2_data_provider body = http2_body_of(stream);
  const int result =
      nghttp2_submit_response(nghttp2(), stream.id(), fields.data(), fields.size(), with_body ? &body : nullptr);
  wake_flusher();
  return result == 0;
}

void Http2Connection::share_in_turns(Http2ServerStream& stream) {
  const nghttp2_extpri in_turns{.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
  (void)nghttp2_session_change_extpri_stream_priority(nghttp2(), stream.id(), &in_turns, 0);
}

bool Http2Connection::submit_interim(Http2ServerStream& stream, const ResponseHead& head) {
  if (stream.is_stopped()) return false;
  const Http2ResponseFields fields(head);
  const int result =
      nghttp2_submit_headers(nghttp2(), NGHTTP2_FLAG_NONE, stream.id(), nullptr, fields.data(), fields.size(), nullptr);
  if (result != 0) return false;
  stream.interim_queued();
  wake_flusher();
  return true;
}

}  // namespace turnout
