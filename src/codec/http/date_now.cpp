#include "codec/http/date_now.h"

#include "codec/http/date.h"

namespace turnout {

std::string_view http_date(std::int64_t wall_ms) noexcept {
  thread_local std::int64_t second = -1;
  thread_local HttpDate date{};
  if (const std::int64_t now = wall_ms / 1000; now != second) {
    second = now;
    date = format_date(std::chrono::sys_seconds(std::chrono::seconds(now)));
  }
  return as_text(date);
}

}  // namespace turnout
