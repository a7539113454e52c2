#include "config/load_limits.h"

#include <limits>

namespace turnout {
namespace {

struct DurationLimit {
  std::string_view key;
  Millis Limits::* member;
};

enum class Kind : std::uint8_t { bytes, count };

template <class T>
struct NumberLimit {
  std::string_view key;
  T Limits::* member;
  Kind unit;
  T min;
  T max;
};

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::uint32_t count_max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t window_bytes_max = 0x7fffffff;  // RFC 9113 section 6.9.1

constexpr DurationLimit durations[] = {
    {"header_deadline", &Limits::header_deadline},
    {"keep_alive_idle", &Limits::keep_alive_idle},
    {"body_idle", &Limits::body_idle},
    {"send_stall", &Limits::send_stall},
    {"tls_handshake", &Limits::tls_handshake},
    {"linger", &Limits::linger},
    {"tunnel_idle", &Limits::tunnel_idle},
    {"close_wait", &Limits::close_wait},
};

constexpr NumberLimit<std::size_t> sizes[] = {
    {"head_bytes_max", &Limits::head_bytes_max, Kind::bytes, kib, mib},
    {"request_line_bytes_max", &Limits::request_line_bytes_max, Kind::bytes, 256, mib},
    {"fields_max", &Limits::fields_max, Kind::count, 1, 10'000},
    {"chunk_extension_bytes_max", &Limits::chunk_extension_bytes_max, Kind::bytes, 0, mib},
    {"trailer_bytes_max", &Limits::trailer_bytes_max, Kind::bytes, 0, mib},
    {"upgrade_body_bytes_max", &Limits::upgrade_body_bytes_max, Kind::bytes, 0, 16 * mib},
    {"early_bytes_max", &Limits::early_bytes_max, Kind::bytes, kib, mib},
};

constexpr NumberLimit<std::uint32_t> numbers[] = {
    {"keep_alive_requests_max", &Limits::keep_alive_requests_max, Kind::count, 1, count_max},
    {"body_bytes_per_second_min", &Limits::body_bytes_per_second_min, Kind::bytes, 0, count_max},
    {"connections_per_client_max", &Limits::connections_per_client_max, Kind::count, 1, 10'000'000},
    {"handshakes_per_client_max", &Limits::handshakes_per_client_max, Kind::count, 1, 10'000'000},
    {"switches_max", &Limits::switches_max, Kind::count, 1, 16},
    {"streams_max", &Limits::streams_max, Kind::count, 1, 100'000},
    {"stream_window_bytes", &Limits::stream_window_bytes, Kind::bytes, 1024, window_bytes_max},
    {"connection_window_bytes", &Limits::connection_window_bytes, Kind::bytes, 65'535, window_bytes_max},
    {"resets_burst", &Limits::resets_burst, Kind::count, 1, 1'000'000},
    {"resets_per_second", &Limits::resets_per_second, Kind::count, 1, 1'000'000},
    {"continuations_max", &Limits::continuations_max, Kind::count, 1, 1000},
    {"settings_entries_max", &Limits::settings_entries_max, Kind::count, 8, 1000},
    {"control_queue_max", &Limits::control_queue_max, Kind::count, 16, 100'000},
    {"glitches_burst", &Limits::glitches_burst, Kind::count, 1, 1'000'000},
    {"glitches_per_second", &Limits::glitches_per_second, Kind::count, 1, 1'000'000},
    {"fragments_max", &Limits::fragments_max, Kind::count, 1, 1'000'000},
};

template <class T>
void load_number(TomlTable& table, const NumberLimit<T>& limit, Limits& limits) {
  std::uint64_t bytes = 0;
  std::int64_t count = 0;
  if (limit.unit == Kind::bytes) {
    if (table.read_size(limit.key, bytes, limit.min, limit.max)) limits.*limit.member = static_cast<T>(bytes);
  } else {
    const auto min = static_cast<std::int64_t>(limit.min);
    const auto max = static_cast<std::int64_t>(limit.max);
    if (table.read(limit.key, count, min, max)) limits.*limit.member = static_cast<T>(count);
  }
}

}  // namespace

std::vector<std::pair<std::string_view, std::uint64_t>> limit_values(const Limits& limits) {
  std::vector<std::pair<std::string_view, std::uint64_t>> values;
  for (const DurationLimit& limit : durations) {
    values.emplace_back(limit.key, static_cast<std::uint64_t>((limits.*limit.member).count()));
  }
  for (const auto& limit : sizes) values.emplace_back(limit.key, limits.*limit.member);
  for (const auto& limit : numbers) values.emplace_back(limit.key, limits.*limit.member);
  return values;
}

void load_limits(const toml::table& toml_table, Limits& limits, Problems& problems) {
  TomlTable table(toml_table, problems);
  for (const DurationLimit& limit : durations) table.read_duration(limit.key, limits.*limit.member, Millis(1));
  for (const auto& limit : sizes) load_number(table, limit, limits);
  for (const auto& limit : numbers) load_number(table, limit, limits);
  if (limits.request_line_bytes_max > limits.head_bytes_max) {
    problems.add(table.position("request_line_bytes_max"),
                 "\"request_line_bytes_max\" is at most \"head_bytes_max\", which the line counts towards");
  }
  table.finish();
}

}  // namespace turnout
