#include "handlers/echo.h"

#include <charconv>

#include "handlers/refusals.h"

namespace turnout {
namespace {

constexpr std::string_view websocket_here =
    "426 Upgrade Required\n\nA GET here opens a WebSocket (Upgrade: websocket). The body of a POST is sent back.\n";

std::optional<std::uint64_t> content_length(const RequestHead& request) noexcept {
  const auto value = request.fields.find("content-length");
  if (!value) return std::nullopt;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), length);
  if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
  return length;
}

Task<void> send_back(Exchange& exchange) {
  ResponseHead head(200);
  const auto type = exchange.request().fields.find("content-type");
  head.fields.add("Content-Type", type.value_or("application/octet-stream"));
  // Another site's page may have made the client send this: no browser shall take it for a page of ours.
  head.fields.add("X-Content-Type-Options", "nosniff");
  head.fields.add("Content-Security-Policy", "sandbox");

  // The first part is read before the answer begins: a body that cannot be had can then still be refused.
  Result<Bytes> part = co_await exchange.read();
  if (!part) co_return;
  const Result<void> started = co_await exchange.start(std::move(head), content_length(exchange.request()));
  if (!started) co_return;
  while (!part->empty()) {
    const Result<void> sent = co_await exchange.write(*part);
    if (!sent) co_return;
    part = co_await exchange.read();
    if (!part) co_return;
  }
  (void)co_await exchange.finish();
}

}  // namespace

Task<void> EchoMessages::run(MessageChannel& channel) const {
  while (true) {
    const Result<std::optional<Message>> message = co_await channel.receive();
    if (!message || !*message) co_return;
    const Result<void> sent = co_await channel.send((*message)->kind, (*message)->payload);
    if (!sent) co_return;
  }
}

Task<void> Echo::serve(Exchange& exchange) const {
  const RequestHead& request = exchange.request();
  if (request.method == "POST" || request.method == "PUT") {
    co_await send_back(exchange);
    co_return;
  }
  // HTTP/2 has no Upgrade (RFC 9113 section 8.2.2): a WebSocket is opened by CONNECT there (RFC 8441).
  const bool is_http2 = request.version == HttpVersion::http2;
  if (is_http2 || (request.method != "GET" && request.method != "HEAD")) {
    co_await refuse_method(exchange, is_http2 ? "CONNECT, OPTIONS, POST, PUT" : "GET, HEAD, OPTIONS, POST, PUT");
    co_return;
  }
  ResponseHead head(426);
  head.fields.add("Upgrade", "websocket");
  head.fields.add("Sec-WebSocket-Version", "13");
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  (void)co_await exchange.respond(std::move(head), as_bytes(websocket_here));
}

}  // namespace turnout
