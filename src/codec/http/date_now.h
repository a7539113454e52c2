// The Date of now, formatted once a second for each thread.
//
//   std::string_view date = http_date(worker.wall_ms());      // "Sun, 06 Nov 1994 08:49:37 GMT"
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout {

/// `wall_ms`: milliseconds since 1970. The view lives until the next call on this thread.
std::string_view http_date(std::int64_t wall_ms) noexcept;

}  // namespace turnout
