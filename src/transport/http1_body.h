// What the server's and the client's side of HTTP/1.1 share about content on a wire.
//
// Http1Body: the content of one message of HTTP/1.1 (RFC 9112 section 6), taken from a wire as it arrives.
//
//   Http1Body body(parsed.framing, limits);
//   Code failure = Code::ok;
//   const Bytes part = body.take(wire, failure);      // of what has arrived; empty: nothing, or the end
//   if (part.empty() && !body.is_finished()) co_await wire.fill();
#pragma once

#include <cstdint>

#include "base/limits.h"
#include "codec/http1/chunked.h"
#include "codec/http1/framing.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout {

class Http1Body {
 public:
  Http1Body(const Framing& framing, const Limits& limits)
      : chunked_(limits), left_(framing.length), kind_(framing.kind), finished_(framing.kind == BodyKind::none) {}

  /// The next part of what has arrived. It stays with the wire until the next call of take() or settle().
  Bytes take(Wire& wire, Code& failure);
  /// Consumes what was handed out last.
  void settle(Wire& wire) noexcept { wire.consume(std::exchange(handed_out_, 0)); }

  /// The connection has ended. False where the body had not (RFC 9112 section 8).
  bool end_of_connection() noexcept {
    if (kind_ == BodyKind::until_close) finished_ = true;
    return finished_;
  }

  bool is_finished() const noexcept { return finished_; }
  /// True while the wire still holds what take() has handed out.
  bool is_handed_out() const noexcept { return handed_out_ != 0; }
  BodyKind kind() const noexcept { return kind_; }
  /// Of BodyKind::length: what has not been handed out yet.
  std::uint64_t left() const noexcept { return left_; }
  /// What has been handed out.
  std::uint64_t bytes() const noexcept { return bytes_; }
  /// Complete when the body is.
  const FieldList& trailers() const noexcept { return chunked_.trailers(); }
  /// Why take() failed with malformed.
  const HeadError& error() const noexcept { return chunked_.error(); }

 private:
  ChunkedDecoder chunked_;
  std::size_t handed_out_ = 0;  // of the wire's unread bytes
  std::uint64_t left_;
  std::uint64_t bytes_ = 0;
  BodyKind kind_;
  bool finished_;
};

/// Writes `bytes` as chunks (RFC 9112 section 7.1), not the last one.
Task<Result<void>> write_chunks(Wire& wire, Bytes bytes);

}  // namespace turnout
