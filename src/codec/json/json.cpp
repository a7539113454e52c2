#include "codec/json/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/json/json_text.h"

namespace turnout {

namespace {

/// The code point of a well-formed sequence.
std::uint32_t code_point(std::string_view sequence) noexcept {
  const auto lead = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1) return lead;
  std::uint32_t value = lead & (0xffU >> (sequence.size() + 1));
  for (const char c : sequence.substr(1)) value = value << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return value;
}

void append_escaped(std::uint32_t value, std::string& out) {
  if (value >= 0x10000) {  // RFC 8259 section 7: a surrogate pair
    append_escaped(0xd800 + ((value - 0x10000) >> 10), out);
    append_escaped(0xdc00 + ((value - 0x10000) & 0x3ff), out);
    return;
  }
  if (value == '"' || value == '\\') {
    out.push_back('\\');
    out.push_back(static_cast<char>(value));
  } else if (value < 0x20 || value >= 0x7f) {
    out += fmt::format("\\u{:04x}", value);
  } else {
    out.push_back(static_cast<char>(value));
  }
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text));
    append_escaped(code_point(text.substr(0, length)), out);
    text.remove_prefix(length);
  }
  return out + "\"";
}

JsonObject& JsonObject::millis(std::string_view name, double value) {
  return raw(name, fmt::format("{:.3f}", value));
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
  if (text_.size() > 1) text_ += ',';
  text_ += json_string(name);
  text_ += ':';
  text_ += json;
  return *this;
}

}  // namespace turnout
