// TranscriptPolicy: which transcripts of switches are kept, how many, and what nobody gets to read in them.
//
//   TranscriptPolicy policy;
//   policy.file = "transcripts.jsonl";
//   policy.keep.push_back({.route = "chat", .statuses = {{500, 599}}, .time_taken_min = Millis(30'000)});
//
// Declined and refused offers are kept without any rule, and so is a switch that ended with an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace turnout {

struct StatusRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // inclusive

  friend bool operator==(const StatusRange&, const StatusRange&) = default;
};

/// Each condition that is given has to hold.
struct TranscriptRule {
  std::string route{};                        // its name; empty: any
  std::vector<StatusRange> statuses{};        // empty: any
  std::optional<Millis> time_taken_min = {};  // of a request, or of a switch from its opening to its end

  /// Of a request or a switch that ended; the first of something that may not have ended, as far as can be said.
  bool holds(std::string_view route_name, int status) const noexcept;
  bool holds(std::string_view route_name, int status, std::uint64_t time_taken_ms) const noexcept;

  friend bool operator==(const TranscriptRule&, const TranscriptRule&) = default;
};

struct TranscriptPolicy {
  std::string file{};  // every transcript that is kept is written there as well; "-": standard output; empty: nowhere
  // Of memory, for each worker. What was kept is pushed out only by what is kept later.
  std::size_t kept_bytes = 256 * 1024;
  std::size_t recent_bytes = 128 * 1024;
  // Beyond those that are always masked; lower case.
  std::vector<std::string> mask_fields{};
  std::vector<std::string> mask_query{};
  std::vector<TranscriptRule> keep{};

  friend bool operator==(const TranscriptPolicy&, const TranscriptPolicy&) = default;
};

}  // namespace turnout
