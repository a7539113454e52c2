// Frames of HTTP/2 by hand, for tests that say what no sound peer would.
//
//   peer.send(client_hello() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, literal_fields(get_fields("/"))));
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnout::testing {

using H2Fields = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view h2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct H2Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream_id = 0;
  std::string payload;
};

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream_id, std::string_view payload = {});
std::string uint32_bytes(std::uint32_t value);
std::uint32_t uint32_at(std::string_view bytes, std::size_t offset);
/// The field section of literals that leave the table of HPACK alone (RFC 7541 section 6.2.2).
std::string literal_fields(const H2Fields& fields);
/// The whole frames at the start of `bytes`.
std::vector<H2Frame> parse_frames(std::string_view bytes);
/// GET of a path, with what a request needs.
H2Fields get_fields(std::string_view path);
/// The preface and an empty SETTINGS.
std::string client_hello();

}  // namespace turnout::testing
