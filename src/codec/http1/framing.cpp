#include "codec/http1/framing.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "base/ascii.h"

namespace turnout {
namespace {

std::unexpected<HeadError> ambiguous(std::string_view what) {
  return std::unexpected(HeadError{400, Why::ambiguous_framing, what});
}

/// `gzip, chunked` and the like: plain tokens with one comma between them, only the last of which is chunked.
bool is_known_shape(std::string_view value) {
  const std::size_t last = value.rfind(',');
  if (last == std::string_view::npos || !iequals(trim(value.substr(last + 1)), "chunked")) return false;
  bool plain = true;
  std::size_t members = 0;
  for_each_member(value.substr(0, last), [&](std::string_view member) {
    ++members;
    plain = plain && is_token(member) && !iequals(member, "chunked");
    return plain;
  });
  return plain && members == static_cast<std::size_t>(std::ranges::count(value, ','));
}

}  // namespace

std::expected<void, HeadError> FramingFields::content_length(std::string_view value) {
  if (lengths_ != 0) return ambiguous("Content-Length may come only once");
  if (value.empty()) return ambiguous("Content-Length has no value; it must be 1 to 19 digits");
  if (value.size() > 19) return ambiguous("Content-Length is longer than 19 digits");
  std::uint64_t length = 0;
  for (char c : value) {
    if (!is_digit(c)) return ambiguous("Content-Length must be digits only, without sign, list or space");
    length = length * 10 + static_cast<std::uint64_t>(c - '0');  // 19 digits fit into 64 bits
  }
  // Nobody stores that much, and signed arithmetic anywhere behind us stays right.
  if (length > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::unexpected(HeadError{413, Why::message_too_large, "Content-Length is larger than any body can be"});
  }
  length_ = length;
  lengths_ = 1;
  return {};
}

std::expected<void, HeadError> FramingFields::transfer_encoding(std::string_view value) {
  if (codings_ != 0) return ambiguous("Transfer-Encoding may come only once");
  if (!iequals(value, "chunked")) {
    // RFC 9112 section 6.1: 501 for a coding that is not implemented; section 6.3: 400 where chunked is not the last.
    if (is_known_shape(value)) {
      return std::unexpected(
          HeadError{501, Why::not_implemented, "the only transfer coding that is implemented is chunked, alone"});
    }
    return ambiguous("Transfer-Encoding must be exactly: chunked");
  }
  codings_ = 1;
  return {};
}

std::expected<Framing, HeadError> FramingFields::decide(HttpVersion version) const {
  if (codings_ != 0) {
    // RFC 9112 section 6.1: both together ought to be handled as an error; request smuggling is made of this (S1).
    if (lengths_ != 0) return ambiguous("Content-Length and Transfer-Encoding may not come together");
    if (version == HttpVersion::http10) return ambiguous("HTTP/1.0 has no Transfer-Encoding");
    return Framing{BodyKind::chunked, 0};
  }
  if (length_ != 0) return Framing{BodyKind::length, length_};
  return Framing{};
}

}  // namespace turnout
