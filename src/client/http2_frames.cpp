#include "client/http2_frames.h"

#include <fmt/core.h>

namespace turnout::client {
namespace {

std::string type_name(std::uint8_t type) {
  switch (type) {
    case NGHTTP2_DATA: return "DATA";
    case NGHTTP2_HEADERS: return "HEADERS";
    case NGHTTP2_PRIORITY: return "PRIORITY";
    case NGHTTP2_RST_STREAM: return "RST_STREAM";
    case NGHTTP2_SETTINGS: return "SETTINGS";
    case NGHTTP2_PUSH_PROMISE: return "PUSH_PROMISE";
    case NGHTTP2_PING: return "PING";
    case NGHTTP2_GOAWAY: return "GOAWAY";
    case NGHTTP2_WINDOW_UPDATE: return "WINDOW_UPDATE";
    case NGHTTP2_CONTINUATION: return "CONTINUATION";
    default: return fmt::format("frame type {:#04x}", type);
  }
}

std::string setting_name(std::int32_t identifier) {
  switch (identifier) {
    case NGHTTP2_SETTINGS_HEADER_TABLE_SIZE: return "HEADER_TABLE_SIZE";
    case NGHTTP2_SETTINGS_ENABLE_PUSH: return "ENABLE_PUSH";
    case NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS: return "MAX_CONCURRENT_STREAMS";
    case NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE: return "INITIAL_WINDOW_SIZE";
    case NGHTTP2_SETTINGS_MAX_FRAME_SIZE: return "MAX_FRAME_SIZE";
    case NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE: return "MAX_HEADER_LIST_SIZE";
    case NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL: return "ENABLE_CONNECT_PROTOCOL";
    case NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES: return "NO_RFC7540_PRIORITIES";
    default: return fmt::format("{:#06x}", identifier);
  }
}

std::string flags_text(const nghttp2_frame_hd& head) {
  std::string text;
  const auto say = [&](std::uint8_t flag, std::string_view name) {
    if ((head.flags & flag) != 0) text.append(", ").append(name);
  };
  switch (head.type) {
    case NGHTTP2_DATA: say(NGHTTP2_FLAG_END_STREAM, "END_STREAM"); break;
    case NGHTTP2_HEADERS:
      say(NGHTTP2_FLAG_END_STREAM, "END_STREAM");
      say(NGHTTP2_FLAG_END_HEADERS, "END_HEADERS");
      break;
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PING: say(NGHTTP2_FLAG_ACK, "ACK"); break;
    default: break;
  }
  return text;
}

}  // namespace

std::string_view error_name(std::uint32_t code) noexcept {
  return nghttp2_http2_strerror(code);
}

std::string to_text(const nghttp2_frame& frame) {
  std::string text = fmt::format("{}, stream {}, {} bytes{}", type_name(frame.hd.type), frame.hd.stream_id,
                                 frame.hd.length, flags_text(frame.hd));
  switch (frame.hd.type) {
    case NGHTTP2_SETTINGS:
      for (std::size_t i = 0; i < frame.settings.niv; ++i) {
        const nghttp2_settings_entry& entry = frame.settings.iv[i];
        text += fmt::format(", {}={}", setting_name(entry.settings_id), entry.value);
      }
      break;
    case NGHTTP2_RST_STREAM: text.append(", ").append(error_name(frame.rst_stream.error_code)); break;
    case NGHTTP2_GOAWAY:
      text += fmt::format(", last stream {}, {}", frame.goaway.last_stream_id, error_name(frame.goaway.error_code));
      break;
    case NGHTTP2_WINDOW_UPDATE: text += fmt::format(", +{}", frame.window_update.window_size_increment); break;
    default: break;
  }
  return text;
}

}  // namespace turnout::client
