#include "bench/load/json.h"

#include <cstdio>

namespace turnout::bench {

void Json::quote(std::string_view text) {
  text_ += '"';
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') {
      text_ += '\\';
      text_ += byte;
    } else {
      text_ += byte >= ' ' && byte <= '~' ? byte : '?';
    }
  }
  text_ += '"';
}

void Json::begin(std::string_view name) {
  if (text_.back() != '{') text_ += ", ";
  quote(name);
  text_ += ": ";
}

void Json::text(std::string_view name, std::string_view value) {
  begin(name);
  quote(value);
}

void Json::number(std::string_view name, std::uint64_t value) {
  begin(name);
  text_ += std::to_string(value);
}

void Json::real(std::string_view name, double value, int decimals) {
  begin(name);
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
  text_ += digits;
}

void Json::open(std::string_view name) {
  begin(name);
  text_ += '{';
}

void Json::close() {
  text_ += '}';
}

}  // namespace turnout::bench
