// Bytes that both ends of a bulk transfer know: 64 KiB that are sent over and over.
//
//   const bool right = is_pattern(bytes, place);
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout::bench {

inline constexpr std::size_t pattern_bytes = 65536;

/// One round of it.
std::string_view pattern();
/// Whether these bytes are what belongs at this place of the endless stream.
bool is_pattern(std::string_view bytes, std::uint64_t place);

}  // namespace turnout::bench
