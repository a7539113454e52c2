// What the chunked coding costs: reading a body in chunks of one size, and the line before each chunk.
#include <benchmark/benchmark.h>

#include <string>

#include "codec/http1/chunked.h"

namespace turnout {
namespace {

/// A read of about 64 KiB, which is a whole body; the argument is the size of its chunks.
void decode(benchmark::State& state) {
  const std::string data(static_cast<std::size_t>(state.range(0)), 'd');
  std::string body;
  while (body.size() < 65536) {
    char head[chunk_head_bytes_max];
    body += write_chunk_head(head, data.size());
    body += data;
    body += chunk_end;
  }
  body += "0\r\n\r\n";
  const Limits limits;
  for (auto _ : state) {
    ChunkedDecoder decoder(limits);
    Bytes left = as_bytes(body);
    while (true) {
      const auto step = decoder.step(left);
      benchmark::DoNotOptimize(step.data.data());
      left = left.subspan(step.consumed);
      if (step.state == ChunkedDecoder::State::done) break;
      if (step.state != ChunkedDecoder::State::data) return state.SkipWithError("the body is not read to its end");
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(decode)->Arg(16)->Arg(1024)->Arg(16384);

void chunk_head(benchmark::State& state) {
  char buffer[chunk_head_bytes_max];
  std::uint64_t size = static_cast<std::uint64_t>(state.range(0));
  std::int64_t bytes = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(size);
    const std::string_view line = write_chunk_head(buffer, size);
    benchmark::DoNotOptimize(line.data());
    bytes += static_cast<std::int64_t>(line.size());
  }
  state.SetBytesProcessed(bytes);
}
BENCHMARK(chunk_head)->Arg(16)->Arg(65536);

}  // namespace
}  // namespace turnout
