#include "codec/http1/head_scanner.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>

#include "codec/http/grammar.h"

namespace turnout {

std::size_t find_line_feed(std::string_view text, std::size_t from) noexcept {
  if (from >= text.size()) return text.size();
#if defined(__SSE2__)
  const __m128i line_feed = _mm_set1_epi8('\n');
  while (text.size() - from >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, line_feed)));
    if (found != 0) return from + static_cast<std::size_t>(std::countr_zero(found));
    from += 16;
  }
#endif
  return std::min(text.find('\n', from), text.size());
}

std::expected<std::size_t, HeadError> HeadScanner::feed(Bytes arrived, const Limits& limits) {
  const auto result = scan(as_text(arrived), limits);
  if (!result || *result != 0) *this = HeadScanner(kind_);
  return result;
}

std::expected<void, HeadError> HeadScanner::first_byte(std::string_view arrived) const {
  const char c = arrived[line_start_];
  if (kind_ == Kind::response) {
    if (c == 'H') return {};
    return std::unexpected(HeadError{400, Why::malformed, "the response does not begin with HTTP/"});
  }
  if (is_in(c, Chars::token)) return {};
  // RFC 9112 section 2.2: an empty line before the request line is ignored; one, and only as CR LF.
  if (c == '\r' && !skipped_empty_line_) {
    if (arrived.size() == line_start_ + 1 || arrived[line_start_ + 1] == '\n') return {};
    return std::unexpected(HeadError{400, Why::malformed, "a carriage return stands without its line feed"});
  }
  if (c == '\x16') {  // a TLS handshake record
    return std::unexpected(
        HeadError{400, Why::malformed, "the bytes look like TLS, but this connection speaks plain HTTP"});
  }
  return std::unexpected(HeadError{400, Why::malformed, "the request does not begin with a method"});
}

HeadError HeadScanner::line_too_long() const {
  if (kind_ == Kind::response) return {400, Why::limit, "the status line is longer than the limit"};
  return {414, Why::limit, "the request line is longer than the limit"};
}

std::expected<std::size_t, HeadError> HeadScanner::scan(std::string_view arrived, const Limits& limits) {
  // Offsets are kept in 32 bits; no head that is accepted comes near that.
  const std::size_t head_max = std::min<std::size_t>(limits.head_bytes_max, std::uint32_t{1} << 30);
  const std::size_t window = std::min(arrived.size(), head_max);
  while (true) {
    if (lines_ == 0 && line_start_ < window) {
      if (auto first = first_byte(arrived); !first) return std::unexpected(first.error());
    }
    const auto end = static_cast<std::uint32_t>(find_line_feed(arrived.substr(0, window), scanned_));
    if (end == window) {
      scanned_ = static_cast<std::uint32_t>(window);
      // The line is one byte longer than what was counted at most: its last byte may be the CR.
      if (lines_ == 0 && window - line_start_ > limits.request_line_bytes_max + 1) {
        return std::unexpected(line_too_long());
      }
      if (arrived.size() >= head_max) {
        return std::unexpected(HeadError{431, Why::limit, "the head is longer than the limit"});
      }
      return 0;
    }
    if (end == line_start_ || arrived[end - 1] != '\r') {
      if (lines_ == 0 && end - line_start_ > limits.request_line_bytes_max + 1) {
        return std::unexpected(line_too_long());
      }
      return std::unexpected(HeadError{400, Why::malformed, "a line ends in LF alone; every line ends in CR LF"});
    }
    const std::size_t length = end - 1 - line_start_;
    scanned_ = end + 1;
    if (length == 0) {
      if (lines_ != 0) return scanned_;
      skipped_empty_line_ = true;
    } else {
      if (lines_ == 0 && length > limits.request_line_bytes_max) return std::unexpected(line_too_long());
      if (lines_ > limits.fields_max) {
        return std::unexpected(HeadError{431, Why::limit, "there are more fields than the limit"});
      }
      ++lines_;
    }
    line_start_ = scanned_;
  }
}

}  // namespace turnout
