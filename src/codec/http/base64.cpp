#include "codec/http/base64.h"

#include <array>
#include <cstdint>

namespace turnout {
namespace {

constexpr std::string_view standard_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> values_of(std::string_view digits) {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr auto standard_values = values_of(standard_digits);
constexpr auto url_values = values_of(url_digits);

PooledString encode(Bytes bytes, std::string_view digits, bool pad) {
  PooledString text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int count = 0;  // bits that are not written yet, at the low end
  for (std::byte byte : bytes) {
    bits = bits << 8 | std::to_integer<std::uint32_t>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text.push_back(digits[bits >> count & 63]);
    }
  }
  if (count != 0) text.push_back(digits[bits << (6 - count) & 63]);
  while (pad && text.size() % 4 != 0) text.push_back('=');
  return text;
}

/// `text` without padding.
std::optional<PooledVector<std::byte>> decode(std::string_view text, const std::array<std::uint8_t, 256>& values) {
  if (text.size() % 4 == 1) return std::nullopt;  // six bits are less than a byte
  PooledVector<std::byte> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == no_digit) return std::nullopt;
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> count & 0xff));
    }
  }
  // Bits left over have to be zero, or one value would have several spellings (RFC 4648 section 3.5).
  if ((bits & ((1u << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace

PooledString base64_encode(Bytes bytes) {
  return encode(bytes, standard_digits, true);
}

PooledString base64url_encode(Bytes bytes) {
  return encode(bytes, url_digits, false);
}

std::optional<PooledVector<std::byte>> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, standard_values);
}

std::optional<PooledVector<std::byte>> base64url_decode(std::string_view text) {
  return decode(text, url_values);
}

}  // namespace turnout
