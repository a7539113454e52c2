// What a byte of a WebSocket costs: masking, UTF-8, headers, and the engine around them.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "codec/websocket/connection.h"
#include "codec/websocket/mask_key.h"

namespace turnout::websocket {
namespace {

void per_byte(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void mask(benchmark::State& state) {
  std::vector<std::byte> payload(static_cast<std::size_t>(state.range(0)));
  const MaskKey key = next_mask_key();
  for (auto _ : state) {
    apply_mask(payload, key, 1);
    benchmark::ClobberMemory();
  }
  per_byte(state, payload.size());
}
BENCHMARK(mask)->Arg(16)->Arg(125)->Arg(4096)->Arg(65536);

void utf8(benchmark::State& state, std::string_view character) {
  std::string text;
  while (text.size() < static_cast<std::size_t>(state.range(0))) text += character;
  for (auto _ : state) benchmark::DoNotOptimize(is_utf8(as_bytes(text)));
  per_byte(state, text.size());
}
BENCHMARK_CAPTURE(utf8, ascii, "a")->Arg(16)->Arg(125)->Arg(65536);
BENCHMARK_CAPTURE(utf8, two_bytes, "\xC3\xA4")->Arg(125)->Arg(65536);
BENCHMARK_CAPTURE(utf8, mixed,
                  "Gr\xC3\xBC\xC3\x9F"
                  "e aus der Stadt, ")
    ->Arg(65536);

void header(benchmark::State& state) {
  FrameHeader sent;
  sent.masked = true;
  sent.mask = next_mask_key();
  sent.payload_bytes = static_cast<std::uint64_t>(state.range(0));
  std::array<std::byte, frame_header_bytes_max> bytes;
  encode_frame_header(sent, bytes);
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes.data());
    benchmark::DoNotOptimize(decode_frame_header(bytes, {.masked = true, .rsv1_allowed = false}));
  }
  per_byte(state, frame_header_bytes(sent.payload_bytes, true));
}
BENCHMARK(header)->Arg(100)->Arg(1000)->Arg(100000);

void write_header(benchmark::State& state) {
  FrameHeader header;
  header.payload_bytes = static_cast<std::uint64_t>(state.range(0));
  std::array<std::byte, frame_header_bytes_max> bytes;
  for (auto _ : state) {
    benchmark::DoNotOptimize(header);
    benchmark::DoNotOptimize(encode_frame_header(header, bytes));
    benchmark::ClobberMemory();
  }
  per_byte(state, frame_header_bytes(header.payload_bytes, false));
}
BENCHMARK(write_header)->Arg(100)->Arg(1000)->Arg(100000);

/// A read of 64 KiB full of masked messages of one size, echoed.
void echo(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string payload(size, 'm');
  Engine client(Role::client, {});
  Buffer sent;
  std::size_t messages = 0;
  while (messages == 0 || sent.size() + size + 8 <= 65536) {
    client.encode_message(MessageKind::text, as_bytes(payload), sent);
    ++messages;
  }
  Engine server(Role::server, {});
  Buffer input;
  Buffer out;
  for (auto _ : state) {
    input.clear();
    input.append(sent.bytes());
    out.clear();
    MutableBytes left = input.bytes();
    for (Event event = server.next(left); event.kind == Event::Kind::message; event = server.next(left)) {
      server.encode_message(event.message_kind, event.payload, out);
    }
    benchmark::DoNotOptimize(out.bytes().data());
  }
  per_byte(state, messages * size);
  state.counters["s/message"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(messages),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(echo)->Arg(16)->Arg(125)->Arg(1024)->Arg(16384);

/// One compressed message there and back, without context takeover: what its zlib state costs is in it.
void deflate_echo(benchmark::State& state) {
  std::string payload;
  while (payload.size() < static_cast<std::size_t>(state.range(0)))
    payload += "{\"price\": " + std::to_string(payload.size()) + "}";
  EngineOptions options;
  options.deflate = Deflate{.server_no_context_takeover = true,
                            .client_no_context_takeover = true,
                            .server_max_window_bits = 12,
                            .client_max_window_bits = 12};
  Engine client(Role::client, options);
  Engine server(Role::server, options);
  Buffer sent;
  client.encode_message(MessageKind::text, as_bytes(payload), sent);
  Buffer input;
  Buffer out;
  for (auto _ : state) {
    input.clear();
    input.append(sent.bytes());
    out.clear();
    MutableBytes left = input.bytes();
    const Event event = server.next(left);
    server.encode_message(event.message_kind, event.payload, out);
    server.next(left);
  }
  per_byte(state, payload.size());
}
BENCHMARK(deflate_echo)->Arg(200)->Arg(4096)->Arg(65536);

}  // namespace
}  // namespace turnout::websocket
