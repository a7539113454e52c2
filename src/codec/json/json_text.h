// Strings in JSON lines: what a client sent, escaped so that it neither ends a line nor a string (O4). Bytes that are
// not UTF-8 become U+FFFD. For hot paths: no allocation but the growth of the caller's string, of whatever allocator.
//
//   append_json_string("say \"\xff\"", line);      // "say \"\uFFFD\"", in quotes
#pragma once

#include <cstddef>
#include <string_view>

namespace turnout {

/// The length of the well-formed UTF-8 sequence (RFC 3629) that `text` begins with, or 0.
std::size_t utf8_length(std::string_view text) noexcept;

template <class String>
void append_json_string(std::string_view text, String& out) {
  constexpr std::string_view upper_hex = "0123456789ABCDEF";
  out.push_back('"');
  std::size_t plain_begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(i));
    if (length > 1) {
      i += length;
      continue;
    }
    out.append(text.substr(plain_begin, i - plain_begin));
    if (length == 0) {
      out.append("\\uFFFD");
    } else if (byte == '"' || byte == '\\') {
      const char escaped[2] = {'\\', text[i]};
      out.append(escaped, sizeof escaped);
    } else {
      const char escaped[6] = {'\\', 'u', '0', '0', upper_hex[byte >> 4], upper_hex[byte & 15]};
      out.append(escaped, sizeof escaped);
    }
    plain_begin = ++i;
  }
  out.append(text.substr(plain_begin));
  out.push_back('"');
}

}  // namespace turnout
