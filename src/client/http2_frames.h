// One line of text for an HTTP/2 frame, as `turnout get -v` shows it.
//
//   to_text(*frame)          // "HEADERS, stream 1, 23 bytes, END_HEADERS"
#pragma once

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>

namespace turnout::client {

std::string to_text(const nghttp2_frame& frame);

/// "PROTOCOL_ERROR", RFC 9113 section 7.
std::string_view error_name(std::uint32_t code) noexcept;

}  // namespace turnout::client
