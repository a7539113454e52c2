// The little of HTTP/1.1 that the instrument's programs write and read themselves.
//
//   const std::string_view token = field_value(head, "Upgrade");
#pragma once

#include <string>
#include <string_view>

namespace turnout::bench {

/// The value of a field in a head, without the space around it; empty where there is none.
std::string_view field_value(std::string_view head, std::string_view name) noexcept;

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Sec-WebSocket-Accept for a key: RFC 6455, section 4.2.2.
std::string websocket_accept(std::string_view key);

/// The 101 that follows from an offer of this token; with the WebSocket handshake where that is what it is.
std::string switching_answer(std::string_view head, std::string_view token);

/// 200 with 13 bytes, as long as that of a real server.
inline constexpr std::string_view hello_answer =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Date: Mon, 23 Nov 2026 12:00:00 GMT\r\n"
    "Content-Length: 13\r\n\r\n"
    "Hello, world!";

}  // namespace turnout::bench
