#include "tests/support/h2_frames.h"

namespace turnout::testing {

std::uint32_t uint32_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(offset, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string uint32_bytes(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(value >> shift & 0xff));
  return bytes;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream_id, std::string_view payload) {
  std::string bytes = uint32_bytes(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  bytes += uint32_bytes(stream_id);
  bytes += payload;
  return bytes;
}

namespace {

/// An integer with a prefix of 7 bits (RFC 7541 section 5.1).
std::string length_prefix(std::size_t n) {
  std::string bytes;
  if (n < 127) {
    bytes.push_back(static_cast<char>(n));
    return bytes;
  }
  bytes.push_back(127);
  for (n -= 127; n >= 128; n /= 128) bytes.push_back(static_cast<char>(n % 128 + 128));
  bytes.push_back(static_cast<char>(n));
  return bytes;
}

}  // namespace

std::string literal_fields(const H2Fields& fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) {
    bytes.push_back(0);
    bytes += length_prefix(name.size()) + name;
    bytes += length_prefix(value.size()) + value;
  }
  return bytes;
}

std::vector<H2Frame> parse_frames(std::string_view bytes) {
  std::vector<H2Frame> frames;
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  while (bytes.size() >= 9) {
    const std::size_t length = at(0) << 16 | at(1) << 8 | at(2);
    if (bytes.size() < 9 + length) break;
    frames.push_back({static_cast<std::uint8_t>(at(3)), static_cast<std::uint8_t>(at(4)),
                      at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8), std::string(bytes.substr(9, length))});
    bytes.remove_prefix(9 + length);
  }
  return frames;
}

H2Fields get_fields(std::string_view path) {
  return {{":method", "GET"}, {":scheme", "http"}, {":authority", "example.com"}, {":path", std::string(path)}};
}

std::string client_hello() {
  return std::string(h2_preface) + frame(NGHTTP2_SETTINGS, 0, 0);
}

}  // namespace turnout::testing
