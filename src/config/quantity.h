// Durations and sizes as a configuration writes them: always with a unit that says what is meant.
//
//   parse_duration("250ms");      // 250 ms; "5s", "10m", "1h"
//   parse_size("16KiB");          // 16384; "512B", "1MiB", "2GiB"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/access_policy.h"
#include "base/limits.h"

namespace turnout {

/// A whole number and one of ms, s, m, h, without a space; at most 365 days.
std::optional<Millis> parse_duration(std::string_view text) noexcept;

/// A whole number and one of B, KiB, MiB, GiB, without a space. "KB" is refused: it has two meanings.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// A whole number, '/' and one of s, m, h: "100/s" is a hundred in each second. At least 1.
std::optional<Rate> parse_rate(std::string_view text) noexcept;

/// The shortest exact form that the parsers above read: "1m", "1500ms"; "16KiB", "1000B".
std::string duration_text(Millis duration);
std::string size_text(std::uint64_t bytes);

}  // namespace turnout
