#include "observe/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <memory>
#include <string>

namespace turnout {
namespace {

/// Takes the next word off the front of `text`.
std::string_view next_word(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(word.size());
  return word;
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string content(const char* file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<std::uint64_t> open_descriptors() {
  // Since Linux 6.2 the size is their number; with ten thousand of them it takes milliseconds to go through.
  struct stat folder{};
  if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0) return static_cast<std::uint64_t>(folder.st_size);
  const std::unique_ptr<DIR, decltype([](DIR* open) { closedir(open); })> names(opendir("/proc/self/fd"));
  if (!names) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* name = readdir(names.get())) count += name->d_name[0] != '.' ? 1 : 0;
  return count - 1;  // but the one that it is read with
}

std::optional<std::uint64_t> boot_time_seconds() {
  const std::string stat = content("/proc/stat");
  const std::size_t line = stat.find("\nbtime ");
  if (line == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(stat).substr(line + 7);
  return number(next_word(rest));
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) noexcept {
  // The name of the program, in parentheses, may have spaces and parentheses itself.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 1);
  std::array<std::uint64_t, 25> fields{};  // by their numbers in proc(5)
  next_word(text);                         // 3, the state, is a letter
  for (std::size_t i = 4; i < fields.size(); ++i) {
    const std::string_view word = next_word(text);
    if (word.starts_with('-')) continue;  // only of fields that are not used
    const auto value = number(word);
    if (!value) return std::nullopt;
    fields[i] = *value;
  }
  return ProcessStat{.cpu_ticks = fields[14] + fields[15],
                     .threads = fields[20],
                     .start_ticks = fields[22],
                     .virtual_bytes = fields[23],
                     .resident_pages = fields[24]};
}

ProcessMetrics process_metrics() {
  ProcessMetrics process;
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (const auto stat = parse_process_stat(content("/proc/self/stat")); stat) {
    process.cpu_seconds = static_cast<double>(stat->cpu_ticks) / ticks_per_second;
    process.resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    process.virtual_bytes = stat->virtual_bytes;
    process.threads = stat->threads;
    static const std::optional<std::uint64_t> boot_time = boot_time_seconds();
    if (boot_time) {
      process.start_time_seconds =
          static_cast<double>(*boot_time) + static_cast<double>(stat->start_ticks) / ticks_per_second;
    }
  }
  process.open_descriptors = open_descriptors();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) process.descriptors_max = limit.rlim_cur;
  return process;
}

}  // namespace turnout
