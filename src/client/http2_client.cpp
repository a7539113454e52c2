#include "client/http2_client.h"

#include <fmt/core.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "client/deadline.h"
#include "client/http2_frames.h"
#include "codec/http/base64.h"
#include "switching/session.h"
#include "transport/http2/field.h"

namespace turnout::client {
namespace {

constexpr std::uint32_t window_bytes = 1024 * 1024;  // what may be on its way to us and not be written out yet

// No pushes: nobody asked for them (RFC 9113 section 8.4).
constexpr std::array<nghttp2_settings_entry, 2> settings{
    {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes}}};
constexpr std::size_t settings_payload_bytes = settings.size() * 6;  // RFC 9113 section 6.5.1

std::array<std::uint8_t, settings_payload_bytes> settings_payload() {
  std::array<std::uint8_t, settings_payload_bytes> payload{};
  const ssize_t n = nghttp2_pack_settings_payload(payload.data(), payload.size(), settings.data(), settings.size());
  if (n != static_cast<ssize_t>(payload.size())) std::abort();
  return payload;
}

}  // namespace

// nghttp2 is not to be called from within: each of these only notes and appends.
struct Http2ClientCallbacks {
  static Http2Client& self(void* user_data) { return *static_cast<Http2Client*>(user_data); }

  static int on_frame_send(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Conversation& conversation = self(user_data).conversation_;
    conversation.sent(to_text(*frame));
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    for (std::size_t i = 0; i < frame->headers.nvlen; ++i) {
      const nghttp2_nv& field = frame->headers.nva[i];
      conversation.sent(
          fmt::format("  {}: {}", as_view(field.name, field.namelen), as_view(field.value, field.valuelen)));
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    Http2Client& client = self(user_data);
    const std::string_view text = as_view(value, value_size);
    if (frame->hd.stream_id == client.stream_id_ && as_view(name, name_size) == ":status") {
      // Checked by nghttp2: three digits.
      std::from_chars(text.data(), text.data() + text.size(), client.conversation_.answer.status);
    }
    if (client.conversation_.request.verbose) {
      client.fields_.append("  ").append(as_view(name, name_size)).append(": ").append(text).append("\r\n");
    }
    return 0;
  }

  static int on_frame_recv(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Http2Client& client = self(user_data);
    client.conversation_.received(to_text(*frame));
    client.conversation_.received_head(client.fields_);
    client.fields_.clear();
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.stream_id == client.stream_id_ && ends &&
        (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) {
      client.ended_ = true;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY &&
        (frame->goaway.error_code != 0 || frame->goaway.last_stream_id < client.stream_id_)) {
      client.connection_error_ = frame->goaway.error_code;
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream_id, const std::uint8_t* data, std::size_t size,
                     void* user_data) {
    Http2Client& client = self(user_data);
    if (stream_id != client.stream_id_) return 0;
    client.advanced_ = true;
    return client.conversation_.deliver(as_bytes(as_view(data, size))) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_close(nghttp2_session*, std::int32_t stream_id, std::uint32_t error_code, void* user_data) {
    Http2Client& client = self(user_data);
    if (stream_id != client.stream_id_) return 0;
    client.closed_ = true;
    client.stream_error_ = error_code;
    return 0;
  }

  static int on_error(nghttp2_session*, int, const char* message, std::size_t size, void* user_data) {
    self(user_data).fault_.assign(message, size);
    return 0;
  }

  static ssize_t read_data(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t size, std::uint32_t* flags,
                           nghttp2_data_source*, void* user_data) {
    Http2Client& client = self(user_data);
    const std::string& data = *client.conversation_.request.data;
    const std::size_t n = std::min(size, data.size() - client.data_sent_);
    std::copy_n(data.data() + client.data_sent_, n, buffer);
    client.data_sent_ += n;
    if (client.data_sent_ == data.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(n);
  }
};

std::string http2_settings_field() {
  const auto payload = settings_payload();
  return std::string(base64url_encode(std::as_bytes(std::span(payload))));
}

Http2Client::~Http2Client() {
  nghttp2_session_del(session_);
}

Task<Outcome> Http2Client::run(Wire wire, Session& session) {
  if (!begin()) co_return Closed{Why::internal};
  conversation_.sent("PRI * HTTP/2.0 (the connection preface, 24 bytes)");
  Pump pump(wire, [this] { return next_to_send(); });
  co_await read_answer(wire, pump);
  judge();
  if (!conversation_.failure) {
    // Leaving politely; whether that arrives changes nothing any more.
    (void)nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    wire.expires_after(session.limits().linger);
    pump.start();
    co_await pump.join();
    (void)co_await wire.close_write();
    co_return Closed{Why::done};
  }
  co_await pump.stop();
  co_return Closed{Why::malformed};
}

bool Http2Client::begin() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) std::abort();
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Http2ClientCallbacks::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Http2ClientCallbacks::on_frame_recv);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Http2ClientCallbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Http2ClientCallbacks::on_close);
  nghttp2_session_callbacks_set_error_callback2(callbacks, &Http2ClientCallbacks::on_error);
  if (conversation_.request.verbose) {
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Http2ClientCallbacks::on_frame_send);
  }
  if (nghttp2_session_client_new(&session_, callbacks, this) != 0) std::abort();
  nghttp2_session_callbacks_del(callbacks);

  int error = 0;
  if (part_ == Part::answer_only) {
    // Opens stream 1, half-closed on our side, and queues our SETTINGS (RFC 7540 section 3.2).
    const auto payload = settings_payload();
    error = nghttp2_session_upgrade2(session_, payload.data(), payload.size(), 0, nullptr);
  } else {
    error = nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  }
  if (error == 0) error = nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, window_bytes);
  if (error != 0 || (part_ == Part::whole && !submit_request())) {
    (void)conversation_.fail(Exit::protocol, fmt::format("{}: HTTP/2 cannot be begun: {}",
                                                         conversation_.request.url.place(), nghttp2_strerror(error)));
    return false;
  }
  return true;
}

bool Http2Client::submit_request() {
  const Request& request = conversation_.request;
  std::string length;
  std::vector<nghttp2_nv> fields{
      http2_field(":method", request.method()), http2_field(":scheme", request.url.secure ? "https" : "http"),
      http2_field(":authority", request.url.authority), http2_field(":path", request.url.target)};
  nghttp2_data_provider body{};
  body.read_callback = &Http2ClientCallbacks::read_data;
  if (request.has_body()) {
    length = std::to_string(request.data->size());
    fields.push_back(http2_field("content-type", request.content_type()));
    fields.push_back(http2_field("content-length", length));
  }
  stream_id_ = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                      request.has_body() ? &body : nullptr, nullptr);
  return stream_id_ > 0;
}

Bytes Http2Client::next_to_send() {
  // After our GOAWAY nothing is worth sending, the rest of a body least of all.
  if (nghttp2_session_want_write(session_) == 0) return {};
  const std::uint8_t* data = nullptr;
  const ssize_t n = nghttp2_session_mem_send(session_, &data);
  return n > 0 ? as_bytes(as_view(data, static_cast<std::size_t>(n))) : Bytes();
}

Task<void> Http2Client::read_answer(Wire& wire, Pump& pump) {
  Deadline deadline(wire, conversation_.request.timeout);
  // What came behind a 101 is here already.
  while (receive(wire)) {
    deadline.arm();
    pump.start();
    if (ended_ || closed_ || connection_error_ || nghttp2_session_want_read(session_) == 0) break;
    if (std::exchange(advanced_, false)) deadline.restart();
    deadline.arm();
    const Result<std::size_t> more = co_await wire.fill();
    if (more && *more != 0) continue;
    (void)conversation_.fail(more ? Error{Code::end, Source::upstream} : more.error(), "the answer in HTTP/2");
    break;
  }
}

bool Http2Client::receive(Wire& wire) {
  const Bytes bytes = wire.peek();
  if (bytes.empty()) return true;
  if (as_text(bytes).starts_with("HTTP/1.")) {
    fail("the server answers in HTTP/1: it does not speak HTTP/2 without an upgrade here; try --upgrade h2c");
    return false;
  }
  const ssize_t n =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  wire.consume(bytes.size());
  if (n >= 0) return true;
  fail(fault_.empty() ? nghttp2_strerror(static_cast<int>(n)) : std::string_view(fault_));
  return false;
}

void Http2Client::judge() {
  if (conversation_.failure || (ended_ && stream_error_ == 0)) return;
  if (!fault_.empty()) {
    fail(fault_);
  } else if (connection_error_) {
    // Before what became of the stream: that follows from it.
    fail(fmt::format("the server ended the connection: GOAWAY with {}", error_name(*connection_error_)));
  } else if (stream_error_ != 0) {
    fail(fmt::format("the stream of the answer was reset: {}", error_name(stream_error_)));
  } else {
    fail("the connection ended before the answer did");
  }
}

void Http2Client::fail(std::string_view what) {
  (void)conversation_.fail(Exit::protocol,
                           fmt::format("{}: HTTP/2: {}", conversation_.request.url.place(), printable(what, 300)));
}

}  // namespace turnout::client
