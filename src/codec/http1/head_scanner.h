// HeadScanner: finds where the head of a message ends, while it is still arriving.
//
// It looks at each byte once, however the head is cut into pieces, and reports what is certain to fail as soon as it
// is certain: a first byte that no method has, a bare line feed, a line, head or number of fields beyond its limit.
//
//   HeadScanner scanner(HeadScanner::Kind::request);
//   auto head = scanner.feed(wire.peek(), limits);       // everything since the end of the previous message
//   if (!head) answer(head.error());
//   else if (*head == 0) co_await wire.fill();           // not complete
//   else parse_request(wire.peek().first(*head), limits, secure);
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/limits.h"
#include "codec/http1/head_error.h"

namespace turnout {

/// The first line feed at `from` or behind it, or the end. Lines are short: a call of memchr for each costs more.
std::size_t find_line_feed(std::string_view text, std::size_t from) noexcept;

class HeadScanner {
 public:
  enum class Kind : std::uint8_t { request, response };

  explicit HeadScanner(Kind kind) noexcept : kind_(kind) {}

  /// `arrived` holds what earlier calls saw, and more. The size of the head with the empty line that ends it, or 0
  /// while that has not come. After a size or an error the scanner is ready for the next head.
  std::expected<std::size_t, HeadError> feed(Bytes arrived, const Limits& limits);

 private:
  std::expected<std::size_t, HeadError> scan(std::string_view arrived, const Limits& limits);
  std::expected<void, HeadError> first_byte(std::string_view arrived) const;
  HeadError line_too_long() const;

  std::uint32_t scanned_ = 0;     // no line feed lies before, except those that ended lines
  std::uint32_t line_start_ = 0;  // of the line that is not complete
  std::uint32_t lines_ = 0;       // complete ones: the start line and the fields
  bool skipped_empty_line_ = false;
  Kind kind_;
};

}  // namespace turnout
