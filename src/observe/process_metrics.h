// ProcessMetrics: what the system knows of this process, under the names that Prometheus' own libraries use.
//
//   const ProcessMetrics process = process_metrics();
//   if (process.open_descriptors) ...           // nothing where /proc does not say it
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace turnout {

struct ProcessMetrics {
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> open_descriptors;
  std::optional<std::uint64_t> descriptors_max;
  std::optional<double> start_time_seconds;  // since 1970, UTC
  std::optional<std::uint64_t> threads;
};

/// From /proc/self. From any thread.
ProcessMetrics process_metrics();

/// The fields of /proc/PID/stat that are used here (proc(5)).
struct ProcessStat {
  std::uint64_t cpu_ticks = 0;
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;  // since the machine began
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
};

/// Nothing where it has not that form.
std::optional<ProcessStat> parse_process_stat(std::string_view text) noexcept;

}  // namespace turnout
