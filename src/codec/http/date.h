// Dates of HTTP (RFC 9110 section 5.6.7): written as IMF-fixdate, read in all three forms.
//
//   const HttpDate date = format_date(now);                      // "Sun, 06 Nov 1994 08:49:37 GMT"
//   head.fields.add("Last-Modified", as_text(date));
//   auto since = parse_date(*fields.find("if-modified-since"), now);
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string_view>

namespace turnout {

using HttpDate = std::array<char, 29>;

inline std::string_view as_text(const HttpDate& date) noexcept {
  return {date.data(), date.size()};
}

/// For the years 0 to 9999; a time outside becomes the nearest one inside.
HttpDate format_date(std::chrono::sys_seconds time) noexcept;

/// Nothing for what is not a date. `now` decides the century of the form with two digits: a year that seems to be
/// more than 50 years ahead is one of the past.
std::optional<std::chrono::sys_seconds> parse_date(std::string_view text, std::chrono::sys_seconds now) noexcept;

}  // namespace turnout
