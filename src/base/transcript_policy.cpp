#include "base/transcript_policy.h"

#include <algorithm>

namespace turnout {

bool TranscriptRule::holds(std::string_view route_name, int status) const noexcept {
  if (!route.empty() && route != route_name) return false;
  return statuses.empty() || std::ranges::any_of(statuses, [&](const StatusRange& range) {
           return status >= range.first && status <= range.last;
         });
}

bool TranscriptRule::holds(std::string_view route_name, int status, std::uint64_t time_taken_ms) const noexcept {
  if (!holds(route_name, status)) return false;
  return !time_taken_min || time_taken_ms >= static_cast<std::uint64_t>(time_taken_min->count());
}

}  // namespace turnout
