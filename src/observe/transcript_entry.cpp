#include "observe/transcript_entry.h"

#include "base/ascii.h"

namespace turnout {

std::string_view text(KeptFor kept) noexcept {
  switch (kept) {
    case KeptFor::recent: return "recent";
    case KeptFor::declined: return "declined";
    case KeptFor::refused: return "refused";
    case KeptFor::error: return "error";
    case KeptFor::rule: return "rule";
  }
  return "?";
}

bool matches(const TranscriptFilter& filter, const TranscriptEntry& entry) noexcept {
  if (!filter.route.empty() && filter.route != entry.route) return false;
  if (!filter.token.empty() && !iequals(filter.token, entry.token_name) && !iequals(filter.token, entry.token)) {
    return false;
  }
  if (!filter.outcome.empty() && filter.outcome != entry.outcome) return false;
  if (!filter.reason.empty() && filter.reason != text(entry.reason) &&
      !(entry.closed && filter.reason == text(entry.closed->reason))) {
    return false;
  }
  if (filter.tunnel_id != 0 && filter.tunnel_id != entry.tunnel_id) return false;
  return !filter.client || filter.client->contains(entry.client);
}

}  // namespace turnout
