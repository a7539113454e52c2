#include "transport/http1_body.h"

#include <algorithm>

namespace turnout {

Bytes Http1Body::take(Wire& wire, Code& failure) {
  settle(wire);
  while (!finished_ && !wire.peek().empty()) {
    const Bytes arrived = wire.peek();
    if (kind_ != BodyKind::chunked) {
      const bool bounded = kind_ == BodyKind::length;
      const Bytes part =
          bounded ? arrived.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, arrived.size()))) : arrived;
      if (bounded) {
        left_ -= part.size();
        finished_ = left_ == 0;
      }
      handed_out_ = part.size();
      bytes_ += part.size();
      return part;
    }
    const ChunkedDecoder::Step step = chunked_.step(arrived);
    if (step.state == ChunkedDecoder::State::error) {
      failure = Code::malformed;
      return {};
    }
    finished_ = step.state == ChunkedDecoder::State::done;
    if (step.state == ChunkedDecoder::State::data) {
      handed_out_ = step.consumed;
      bytes_ += step.data.size();
      return step.data;
    }
    wire.consume(step.consumed);
  }
  return {};
}

Task<Result<void>> write_chunks(Wire& wire, Bytes bytes) {
  while (!bytes.empty()) {
    const std::span<char> scratch = wire.worker().scratch();
    const std::size_t n = std::min(bytes.size(), scratch.size() - chunk_head_bytes_max - chunk_end.size());
    const std::size_t head = write_chunk_head(scratch.first<chunk_head_bytes_max>(), n).size();
    std::memcpy(scratch.data() + head, bytes.data(), n);
    std::memcpy(scratch.data() + head + n, chunk_end.data(), chunk_end.size());
    // The rest lies in a buffer that others may use as soon as this one waits.
    const Bytes rest = bytes.subspan(n);
    PooledString kept;
    if (!rest.empty() && wire.worker().is_shared(rest.data())) kept.assign(as_text(rest));
    const Result<void> sent = co_await wire.write(std::string_view(scratch.data(), head + n + chunk_end.size()));
    if (!sent) co_return sent;
    if (!kept.empty()) co_return co_await write_chunks(wire, as_bytes(kept));
    bytes = rest;
  }
  co_return Result<void>();
}

}  // namespace turnout
