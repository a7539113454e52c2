#include "proxy/http2_upstream_link.h"

#include <algorithm>

#include "transport/http2/callbacks.h"

namespace turnout {
namespace {

Http2UpstreamStream& of(Http2StreamState& state) noexcept {
  return static_cast<Http2UpstreamStream&>(state);
}

}  // namespace

Http2UpstreamLink::Http2UpstreamLink(Wire wire, const Limits& limits, Millis idle)
    : Http2Link(std::move(wire), limits, Http2Role::client),
      idle_(idle),
      is_secure_(stream_name().ends_with("/tls/h2")) {
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.head_bytes_max)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  began_ = begin(settings);
}

Task<void> Http2UpstreamLink::run() {
  const auto self = shared_from_this();
  if (began_) {
    co_await read();
    co_await finish();
  }
  is_ended_ = true;
  on_settings(false);  // nobody has to wait for them any longer
  const Wire closed = take_wire();
}

void Http2UpstreamLink::close() {
  if (std::exchange(is_closing_, true) || !began_ || is_over()) return;
  // No push was ever allowed, so no stream of the server's is named.
  nghttp2_submit_goaway(nghttp2(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  wake_flusher();
}

bool Http2UpstreamLink::can_open() const noexcept {
  if (is_closing_ || !can_carry_on()) return false;
  // Neither side has said GOAWAY, and there are numbers left for streams.
  if (nghttp2_session_check_request_allowed(nghttp2()) == 0) return false;
  std::size_t most = limits().streams_max;
  if (has_preface()) {
    const auto theirs = nghttp2_session_get_remote_settings(nghttp2(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    most = std::min<std::size_t>(most, theirs);
  }
  return open() < most;
}

void Http2UpstreamLink::unreserve() {
  --reserved_;
  arm_read_deadline();
}

Http2UpstreamStream* Http2UpstreamLink::submit(const Http2RequestFields& fields, Http2UpstreamStream::Asked asked,
                                               bool with_body) {
  if (!can_carry_on()) return nullptr;
  auto stream = std::make_unique<Http2UpstreamStream>(*this, asked);
  if (!with_body) stream->end_with_head();
  const nghttp2_data_provider body = http2_body_of(*stream);
  const std::int32_t id = nghttp2_submit_request(nghttp2(), nullptr, fields.data(), fields.size(),
                                                 with_body ? &body : nullptr, stream.get());
  if (id < 0) return nullptr;
  was_used_ = true;
  add(*stream, id);
  hold(*stream);
  wake_flusher();
  return stream.release();
}

bool Http2UpstreamLink::offers_extended_connect() const noexcept {
  return has_preface() && nghttp2_session_get_remote_settings(nghttp2(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

void Http2UpstreamLink::release(Http2StreamState& state) {
  const bool has_both_ends = state.is_ended() && state.has_ended();
  if (!has_both_ends && !state.is_tunnel()) reset(state, NGHTTP2_CANCEL, Code::cancelled);
  Http2Link::release(state);
}

std::optional<std::uint64_t> Http2UpstreamLink::deadline_ms() const noexcept {
  if (open() != 0) return std::nullopt;
  return idle_since_ms() + static_cast<std::uint64_t>(idle_.count());
}

Http2StreamState* Http2UpstreamLink::begin_head(const nghttp2_frame& /*frame*/, Http2StreamState* state) {
  if (state == nullptr || state->failure() != Code::ok || of(*state).has_final_head()) return nullptr;
  of(*state).begin_head();
  return state;
}

void Http2UpstreamLink::on_head_field(Http2StreamState& state, Field field) {
  of(state).add(field);
}

void Http2UpstreamLink::on_head(Http2StreamState& state, bool ends) {
  Http2UpstreamStream& stream = of(state);
  if (stream.failure() != Code::ok) return;
  if (!stream.end_head(ends)) {
    reset(stream, NGHTTP2_CANCEL, Code::too_large);
  } else if (!stream.has_final_head()) {
    count_glitch();  // a server may say nothing new as often as it likes
  }
}

void Http2UpstreamLink::on_settings(bool /*is_first*/) {
  for (Settings* one : std::exchange(waiting_, {})) worker().post(*one);
}

void Http2UpstreamLink::count_reset(const Http2StreamState* state, bool is_ours, std::uint32_t /*error_code*/) {
  // Those of its streams cost a server our requests, and ours are as many as our clients break off.
  if (!is_ours && state == nullptr) count_glitch();
}

bool Http2UpstreamLink::is_complete(const Http2StreamState& state, std::uint32_t /*error_code*/) const noexcept {
  // RFC 9113 section 8.1: a server may answer without the rest of the request, and resets the stream then.
  return state.has_ended();
}

Code Http2UpstreamLink::failure_of(const Http2StreamState& state, std::uint32_t error_code) const noexcept {
  // By RST_STREAM, or because GOAWAY named an earlier stream as the last: in both cases nothing was done about it
  // (RFC 9113 section 8.7), no more than where the request has not even left.
  if (error_code == NGHTTP2_REFUSED_STREAM || !state.has_sent_head()) return Code::refused;
  if (!state.reset_code()) return Code::malformed;  // nghttp2 found fault with the answer
  return error_code == NGHTTP2_HTTP_1_1_REQUIRED ? Code::unsupported : Code::reset;
}

void Http2UpstreamLink::on_end_of_connection(Http2StreamState& state) noexcept {
  if (state.has_ended()) {
    state.stop_sending();  // the answer is whole
  } else if (!state.has_sent_head()) {
    fail(state, Code::refused);
  } else if (why() == Why::malformed || why() == Why::flood) {
    fail(state, Code::malformed);
  } else if (why() == Why::header_timeout || why() == Why::send_timeout) {
    fail(state, Code::timed_out);
  } else {
    fail(state, Code::reset);
  }
}

void Http2UpstreamLink::close_half(Http2StreamState& state) {
  reset(state, NGHTTP2_CANCEL, Code::cancelled);
}

Http2UpstreamLink::Settings::Settings(Http2UpstreamLink& link) noexcept
    : Waiter([](Waiter& waiter) noexcept { static_cast<Settings&>(waiter).caller_.resume(); }), link_(link) {}

Http2UpstreamLink::Settings::~Settings() {
  std::erase(link_.waiting_, this);
}

void Http2UpstreamLink::Settings::await_suspend(std::coroutine_handle<> caller) {
  caller_ = caller;
  link_.waiting_.push_back(this);
}

void Http2UpstreamLink::Settings::give_up() noexcept {
  if (std::erase(link_.waiting_, this) != 0) link_.worker().post(*this);
}

}  // namespace turnout
