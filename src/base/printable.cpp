#include "base/printable.h"

namespace turnout {

std::string printable(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (char c : text.substr(0, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      if (c == '\\') out.push_back('\\');
      out.push_back(c);
    } else {
      // Bytes from 0x80 too: C1 controls hide among them, in UTF-8 as well as in Latin-1.
      out.append("\\x").push_back(digits[byte >> 4]);
      out.push_back(digits[byte & 15]);
    }
  }
  if (text.size() > bytes_max) out.append("...");
  return out;
}

}  // namespace turnout
