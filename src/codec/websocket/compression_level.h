// How hard zlib tries on messages, from 1 to 9.
//
//   Deflater deflater(15, compression_level_default);
#pragma once

#include <cstdint>

namespace turnout::websocket {

/// A quarter of the time of zlib's default, 6, for a third more bytes (docs/decisions/0009-compression-level.md).
inline constexpr std::uint8_t compression_level_default = 1;
inline constexpr std::uint8_t compression_level_max = 9;

}  // namespace turnout::websocket
