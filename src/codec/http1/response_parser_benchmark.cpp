// What the head of an answer costs: found, parsed, and taken into memory of its own.
#include <benchmark/benchmark.h>

#include <string_view>

#include "codec/http1/response_parser.h"

namespace turnout {
namespace {

constexpr std::string_view small =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\nContent-Length: 13\r\n\r\n";

constexpr std::string_view application =
    "HTTP/1.1 200 OK\r\n"
    "Server: application/4.2\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Transfer-Encoding: chunked\r\n"
    "Connection: keep-alive\r\n"
    "Vary: Accept-Encoding, Accept-Language\r\n"
    "Cache-Control: private, max-age=0, must-revalidate\r\n"
    "ETag: W/\"9f8c2d1b-5a3e\"\r\n"
    "Set-Cookie: session=4f1c9d2ab35e7790c1d2; Path=/; HttpOnly; Secure; SameSite=Lax\r\n"
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n"
    "Content-Security-Policy: default-src 'self'; img-src 'self' data:; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "\r\n";

constexpr std::string_view switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

void response(benchmark::State& state, std::string_view head) {
  const Limits limits;
  HeadScanner scanner(HeadScanner::Kind::response);
  for (auto _ : state) {
    auto bytes = as_bytes(head);
    benchmark::DoNotOptimize(bytes);
    const auto size = scanner.feed(bytes, limits);
    auto parsed = parse_response(bytes.first(*size), limits, "GET");
    benchmark::DoNotOptimize(parsed);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}
BENCHMARK_CAPTURE(response, small, small);
BENCHMARK_CAPTURE(response, switching, switching);
BENCHMARK_CAPTURE(response, application, application);

}  // namespace
}  // namespace turnout
