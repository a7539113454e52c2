#include "protocols/http2/settings.h"

#include <nghttp2/nghttp2.h>

#include <cstdint>

#include "codec/http/base64.h"

namespace turnout {
namespace {

constexpr std::size_t entry_bytes = 6;  // identifier of 16 bits, value of 32 (RFC 9113 section 6.5.1)

bool is_legal(std::uint16_t identifier, std::uint32_t value) noexcept {
  switch (identifier) {
    case NGHTTP2_SETTINGS_ENABLE_PUSH:
    case NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL:
    case NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES: return value <= 1;
    case NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE: return value <= 0x7fffffff;
    case NGHTTP2_SETTINGS_MAX_FRAME_SIZE: return value >= 0x4000 && value <= 0xffffff;
    default: return true;  // unknown ones are ignored (RFC 9113 section 6.5.2)
  }
}

}  // namespace

std::optional<Http2Settings> decode_http2_settings(std::string_view value, const Limits& limits) {
  // token68 has at least one character (RFC 9110 section 11.2).
  if (value.empty()) return std::nullopt;
  std::optional<Http2Settings> payload = base64url_decode(value);
  if (!payload || payload->size() % entry_bytes != 0) return std::nullopt;
  if (payload->size() / entry_bytes > limits.settings_entries_max) return std::nullopt;
  const auto at = [&](std::size_t i) { return std::to_integer<std::uint32_t>((*payload)[i]); };
  for (std::size_t i = 0; i < payload->size(); i += entry_bytes) {
    const auto identifier = static_cast<std::uint16_t>(at(i) << 8 | at(i + 1));
    if (!is_legal(identifier, at(i + 2) << 24 | at(i + 3) << 16 | at(i + 4) << 8 | at(i + 5))) return std::nullopt;
  }
  return payload;
}

}  // namespace turnout
