// Framing: how long the body of a message is (RFC 9112 section 6). One reading for requests and responses, and no
// second way to read it: whatever could be understood differently elsewhere is refused (classes S1, S2, S6).
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "codec/http/message.h"
#include "codec/http1/head_error.h"

namespace turnout {

enum class BodyKind : std::uint8_t {
  none,
  length,  // Content-Length bytes; a length of 0 is `none`
  chunked,
  until_close  // responses only
};

struct Framing {
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;  // only for BodyKind::length

  friend bool operator==(const Framing&, const Framing&) = default;
};

/// Gathers Content-Length and Transfer-Encoding as they are met, and decides at the end of the head.
class FramingFields {
 public:
  std::expected<void, HeadError> content_length(std::string_view value);
  std::expected<void, HeadError> transfer_encoding(std::string_view value);

  bool has_length() const noexcept { return lengths_ != 0; }
  bool has_coding() const noexcept { return codings_ != 0; }
  std::uint64_t length() const noexcept { return length_; }

  /// `none` here means that neither field was there.
  std::expected<Framing, HeadError> decide(HttpVersion version) const;

 private:
  std::uint64_t length_ = 0;
  std::uint8_t lengths_ = 0;
  std::uint8_t codings_ = 0;
};

}  // namespace turnout
