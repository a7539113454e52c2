// The probe in HTTP/2: one request on stream 1, on nghttp2, given up as soon as the status is known.
#include <nghttp2/nghttp2.h>

#include <charconv>
#include <memory>
#include <string_view>

#include "proxy/health_probe.h"
#include "transport/http2/field.h"

namespace turnout {
namespace {

struct Answer {
  int status = 0;  // of the final answer, once there is one
  bool closed = false;
};

int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* answer) {
  if (as_view(name, name_size) != ":status") return 0;
  // nghttp2 has checked that these are three digits.
  int status = 0;
  const std::string_view text = as_view(value, value_size);
  std::from_chars(text.data(), text.data() + text.size(), status);
  if (status >= 200) static_cast<Answer*>(answer)->status = status;
  return 0;
}

int on_stream_close(nghttp2_session*, std::int32_t, std::uint32_t, void* answer) {
  static_cast<Answer*>(answer)->closed = true;
  return 0;
}

using ClientSession = std::unique_ptr<nghttp2_session, decltype([](nghttp2_session* it) { nghttp2_session_del(it); })>;
using Callbacks = std::unique_ptr<nghttp2_session_callbacks,
                                  decltype([](nghttp2_session_callbacks* it) { nghttp2_session_callbacks_del(it); })>;

ClientSession make_session(Answer& answer) {
  nghttp2_session_callbacks* made = nullptr;
  if (nghttp2_session_callbacks_new(&made) != 0) return nullptr;
  const Callbacks callbacks(made);
  nghttp2_session_callbacks_set_on_header_callback(made, on_header);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, on_stream_close);
  nghttp2_session* session = nullptr;
  if (nghttp2_session_client_new(&session, made, &answer) != 0) return nullptr;
  return ClientSession(session);
}

bool submit(nghttp2_session* session, const UpstreamServer& server, const HealthCheck& check) {
  const nghttp2_settings_entry no_push{NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  const std::string authority = authority_of(server);
  const nghttp2_nv fields[] = {http2_field(":method", "GET"),
                               http2_field(":scheme", server.tls == nullptr ? "http" : "https"),
                               http2_field(":authority", authority),
                               http2_field(":path", check.path),
                               http2_field("user-agent", "turnout-health"),
                               http2_field("accept", "*/*")};
  return nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, &no_push, 1) == 0 &&
         nghttp2_submit_request(session, nullptr, fields, std::size(fields), nullptr, nullptr) > 0;
}

}  // namespace

Task<ProbeResult> probe_http2(Wire& wire, const UpstreamServer& server, const HealthCheck& check, Deadline deadline) {
  Answer answer;
  const ClientSession session = make_session(answer);
  if (session == nullptr || !submit(session.get(), server, check)) co_return std::unexpected(ConnectError{});
  while (true) {
    while (true) {
      const std::uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session.get(), &data);
      if (size < 0) co_return std::unexpected(probe_error(Code::malformed));
      if (size == 0) break;
      wire.expires_after(deadline.left());
      const Bytes piece(reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(size));
      const Result<void> sent = co_await wire.write(piece);
      if (!sent) co_return std::unexpected(probe_error(sent.error().code));
    }
    if (answer.status != 0) co_return answer.status;
    if (answer.closed) co_return std::unexpected(probe_error(Code::end));
    // nghttp2 has sent its GOAWAY: this is no HTTP/2.
    if (nghttp2_session_want_read(session.get()) == 0) co_return std::unexpected(probe_error(Code::malformed));
    wire.expires_after(deadline.left());
    const Result<std::size_t> more = co_await wire.fill();
    if (!more) co_return std::unexpected(probe_error(more.error().code));
    if (*more == 0) co_return std::unexpected(probe_error(Code::end));
    const Bytes unread = wire.peek();
    const ssize_t taken =
        nghttp2_session_mem_recv(session.get(), reinterpret_cast<const std::uint8_t*>(unread.data()), unread.size());
    if (taken < 0) co_return std::unexpected(probe_error(Code::malformed));
    wire.consume(unread.size());
  }
}

}  // namespace turnout
