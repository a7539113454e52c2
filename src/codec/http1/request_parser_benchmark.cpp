// What a request head costs: found, parsed, and taken into memory of its own.
#include <benchmark/benchmark.h>

#include <string_view>

#include "codec/http1/request_parser.h"

namespace turnout {
namespace {

constexpr std::string_view load_generator = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8101\r\n\r\n";

constexpr std::string_view browser =
    "GET /docs/guide/switching.html?version=2&lang=en HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "sec-ch-ua: \"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-User: ?1\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Referer: https://www.example.com/docs/guide/index.html\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en-US;q=0.9,en;q=0.8\r\n"
    "Cookie: session=4f1c9d2ab35e7790c1d2; theme=dark; consent=necessary\r\n"
    "\r\n";

constexpr std::string_view websocket =
    "GET /echo HTTP/1.1\r\nHost: 127.0.0.1:8101\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

void scan_and_parse(benchmark::State& state, std::string_view head) {
  const Limits limits;
  HeadScanner scanner(HeadScanner::Kind::request);
  for (auto _ : state) {
    auto bytes = as_bytes(head);
    benchmark::DoNotOptimize(bytes);
    const auto size = scanner.feed(bytes, limits);
    auto request = parse_request(bytes.first(*size), limits, false);
    benchmark::DoNotOptimize(request);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

void scan_only(benchmark::State& state, std::string_view head) {
  const Limits limits;
  HeadScanner scanner(HeadScanner::Kind::request);
  for (auto _ : state) {
    auto bytes = as_bytes(head);
    benchmark::DoNotOptimize(bytes);
    auto size = scanner.feed(bytes, limits);
    benchmark::DoNotOptimize(size);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(head.size()));
}

BENCHMARK_CAPTURE(scan_and_parse, load_generator, load_generator);
BENCHMARK_CAPTURE(scan_and_parse, websocket, websocket);
BENCHMARK_CAPTURE(scan_and_parse, browser, browser);
BENCHMARK_CAPTURE(scan_only, browser, browser);

}  // namespace
}  // namespace turnout
