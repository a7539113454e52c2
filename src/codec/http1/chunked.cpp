#include "codec/http1/chunked.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "codec/http/grammar.h"
#include "codec/http1/field_line.h"
#include "codec/http1/head_writer.h"

namespace turnout {
namespace {

HeadError bad_chunk(std::string_view what) {
  return {400, Why::malformed, what};
}

constexpr std::uint8_t size_digits_max = 16;

// Message framing, routing, request modifiers, authentication, payload handling (RFC 9110 section 6.5.1), and all
// that belongs to one hop.
constexpr std::array<std::string_view, 48> forbidden_trailers = {"age",
                                                                 "authorization",
                                                                 "cache-control",
                                                                 "connection",
                                                                 "content-encoding",
                                                                 "content-length",
                                                                 "content-location",
                                                                 "content-range",
                                                                 "content-type",
                                                                 "cookie",
                                                                 "date",
                                                                 "early-data",
                                                                 "expect",
                                                                 "expires",
                                                                 "forwarded",
                                                                 "host",
                                                                 "http2-settings",
                                                                 "if-match",
                                                                 "if-modified-since",
                                                                 "if-none-match",
                                                                 "if-range",
                                                                 "if-unmodified-since",
                                                                 "keep-alive",
                                                                 "location",
                                                                 "max-forwards",
                                                                 "origin",
                                                                 "pragma",
                                                                 "proxy-authenticate",
                                                                 "proxy-authorization",
                                                                 "proxy-connection",
                                                                 "range",
                                                                 "referer",
                                                                 "retry-after",
                                                                 "sec-websocket-accept",
                                                                 "sec-websocket-extensions",
                                                                 "sec-websocket-key",
                                                                 "sec-websocket-protocol",
                                                                 "sec-websocket-version",
                                                                 "set-cookie",
                                                                 "te",
                                                                 "trailer",
                                                                 "transfer-encoding",
                                                                 "upgrade",
                                                                 "user-agent",
                                                                 "vary",
                                                                 "via",
                                                                 "warning",
                                                                 "www-authenticate"};

}  // namespace

bool is_forbidden_trailer(std::string_view name) noexcept {
  // Whole families: X-Forwarded-For and its kin, which programs behind us trust.
  constexpr std::string_view forwarded = "x-forwarded-";
  if (name.size() >= forwarded.size() && iequals(name.substr(0, forwarded.size()), forwarded)) return true;
  return std::ranges::any_of(forbidden_trailers, [&](std::string_view one) { return iequals(name, one); });
}

ChunkedDecoder::ChunkedDecoder(const Limits& limits) noexcept
    : extension_bytes_left_(limits.chunk_extension_bytes_max),
      trailer_bytes_left_(limits.trailer_bytes_max),
      trailers_left_(limits.fields_max) {}

void ChunkedDecoder::fail(HeadError error) noexcept {
  error_ = error;
  at_ = At::failed;
}

ChunkedDecoder::Step ChunkedDecoder::step(Bytes in) {
  const std::string_view text = as_text(in);
  std::size_t used = 0;
  while (used < text.size() || at_ == At::failed) {
    switch (at_) {
      case At::failed: return {used, {}, State::error};
      case At::done: return {used, {}, State::done};
      case At::data: {
        const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size_, text.size() - used));
        size_ -= n;
        if (size_ == 0) at_ = At::data_cr;
        return {used + n, in.subspan(used, n), State::data};
      }
      case At::trailer:
        used += trailer_bytes(text.substr(used));
        if (at_ == At::done) return {used, {}, State::done};
        break;
      default: size_line_byte(text[used++]); break;
    }
  }
  return {used, {}, at_ == At::done ? State::done : State::more};
}

void ChunkedDecoder::size_line_byte(char c) {
  switch (at_) {
    case At::size_first:
      size_ = 0;
      digits_ = 0;
      at_ = At::size;
      if (!is_in(c, Chars::hex)) return fail(bad_chunk("a chunk does not begin with its size in hexadecimal digits"));
      [[fallthrough]];
    case At::size:
      if (is_in(c, Chars::hex)) {
        if (++digits_ > size_digits_max) return fail(bad_chunk("a chunk size has more than 16 digits"));
        size_ = size_ << 4 | static_cast<std::uint64_t>(hex_value(c));
        return;
      }
      // Half of the range, as with Content-Length: signed arithmetic anywhere behind us stays right.
      if (size_ > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return fail({413, Why::message_too_large, "a chunk is larger than any body can be"});
      }
      if (c == ';' && !count_extension_byte()) return;
      if (c != ';' && c != '\r') return fail(bad_chunk("a chunk size may be followed only by ';' or CR LF"));
      return end_of_extension_part(c);
    case At::size_line_feed:
      if (c != '\n') return fail(bad_chunk("a chunk size line has to end in CR LF"));
      at_ = size_ == 0 ? At::trailer : At::data;
      return;
    case At::data_cr:
      if (c != '\r') return fail(bad_chunk("a chunk is longer than its size says; CR LF has to follow the data"));
      at_ = At::data_line_feed;
      return;
    case At::data_line_feed:
      if (c != '\n') return fail(bad_chunk("CR LF has to follow the data of a chunk"));
      at_ = At::size_first;
      return;
    default: return extension_byte(c);
  }
}

bool ChunkedDecoder::count_extension_byte() {
  if (extension_bytes_left_ == 0) {
    fail({413, Why::limit, "the chunk extensions are longer than the limit"});
    return false;
  }
  --extension_bytes_left_;
  return true;
}

// chunk-ext = *( ";" chunk-ext-name [ "=" chunk-ext-val ] ), a token or a quoted string as value. The whitespace that
// RFC 9112 section 7.1.1 calls bad is not taken: no client sends it, and others read it differently (class S4).
void ChunkedDecoder::extension_byte(char c) {
  const bool ends_the_line = c == '\r' && at_ != At::extension_quoted && at_ != At::extension_escaped;
  if (!ends_the_line && !count_extension_byte()) return;
  switch (at_) {
    case At::extension_name_first:
      if (!is_in(c, Chars::token)) return fail(bad_chunk("a chunk extension has no name behind its ';'"));
      at_ = At::extension_name;
      return;
    case At::extension_name:
      if (is_in(c, Chars::token)) return;
      if (c == '=') {
        at_ = At::extension_value_first;
        return;
      }
      return end_of_extension_part(c);
    case At::extension_value_first:
      if (c == '"') {
        at_ = At::extension_quoted;
        return;
      }
      if (!is_in(c, Chars::token)) return fail(bad_chunk("a chunk extension has no value behind its '='"));
      at_ = At::extension_value;
      return;
    case At::extension_value:
      if (is_in(c, Chars::token)) return;
      return end_of_extension_part(c);
    case At::extension_quoted:
      if (c == '"') {
        at_ = At::extension_quoted_end;
      } else if (c == '\\') {
        at_ = At::extension_escaped;
      } else if (!is_in(c, Chars::value)) {
        fail(bad_chunk("a quoted chunk extension holds a control character"));
      }
      return;
    case At::extension_escaped:
      if (!is_in(c, Chars::value)) return fail(bad_chunk("a quoted chunk extension holds a control character"));
      at_ = At::extension_quoted;
      return;
    default: return end_of_extension_part(c);
  }
}

void ChunkedDecoder::end_of_extension_part(char c) {
  if (c == '\r') {
    at_ = At::size_line_feed;
  } else if (c == ';') {
    at_ = At::extension_name_first;
  } else {
    fail(bad_chunk("a chunk extension holds a byte that is not allowed there"));
  }
}

std::size_t ChunkedDecoder::trailer_bytes(std::string_view in) {
  const std::size_t line_feed = in.find('\n');
  const std::size_t n = line_feed == std::string_view::npos ? in.size() : line_feed + 1;
  if (n > trailer_bytes_left_) {
    fail({431, Why::limit, "the trailer section is longer than the limit"});
    return 0;
  }
  trailer_bytes_left_ -= n;
  line_.append(in.substr(0, n));
  if (line_feed != std::string_view::npos) trailer_line();
  return n;
}

void ChunkedDecoder::trailer_line() {
  if (line_ == "\r\n") {
    at_ = At::done;
    return;
  }
  if (trailers_left_ == 0) return fail({431, Why::limit, "there are more trailer fields than the limit"});
  --trailers_left_;
  const auto line = read_field_line(line_.data(), line_.data() + line_.size());
  if (!line) return fail(line.error());
  // Names with '_' as in a head (class S13).
  if (!is_forbidden_trailer(line->name) && line->name.find('_') == std::string_view::npos) {
    trailers_.add(line->name, line->value);
  }
  line_.clear();
}

std::string_view write_chunk_head(std::span<char, chunk_head_bytes_max> buffer, std::uint64_t size) noexcept {
  char* end = std::to_chars(buffer.data(), buffer.data() + buffer.size() - 2, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {buffer.data(), end};
}

bool append_last_chunk(PooledString& out, const FieldList& trailers) {
  out.append("0\r\n");
  bool complete = true;
  for (Field field : trailers) {
    if (is_forbidden_trailer(field.name) || !is_safe_field(field)) {
      complete = false;
      continue;
    }
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  out.append("\r\n");
  return complete;
}

}  // namespace turnout
