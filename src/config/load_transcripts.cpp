#include "config/load_transcripts.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "config/readable_file.h"

namespace turnout {
namespace {

// Whoever asks for them has a worker copy all of its ring at once.
constexpr std::uint64_t ring_bytes_limit = 8 * 1024 * 1024;
constexpr std::size_t masked_name_bytes_max = 64;

/// Three digits, 100 to 599; or nothing.
std::optional<std::uint16_t> parse_status(std::string_view text) noexcept {
  std::uint16_t status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (error != std::errc() || end != text.data() + text.size() || text.size() != 3) return std::nullopt;
  return status >= 100 && status <= 599 ? std::optional(status) : std::nullopt;
}

std::optional<StatusRange> parse_statuses(std::string_view text) noexcept {
  const std::size_t dash = text.find('-');
  const auto first = parse_status(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_status(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusRange{*first, *last};
}

/// Names to mask, in lower case. `is_name` says what one looks like.
template <class IsName>
std::vector<std::string> load_masked_names(TomlTable& table, std::string_view key, std::string_view wanted,
                                           IsName is_name) {
  std::vector<std::string> names;
  const auto texts = table.read_texts(key, false);
  if (!texts) return names;
  for (const PlacedText& one : *texts) {
    if (!is_name(one.text) || one.text.size() > masked_name_bytes_max) {
      table.problems().add(one.position, in_quotes(one.text) + " is not " + std::string(wanted));
      continue;
    }
    names.push_back(to_lower(one.text));
  }
  return names;
}

/// As it is after percent-decoding; a name with one of these in it could not be told from its neighbours.
bool is_query_name(std::string_view text) noexcept {
  return !text.empty() && text.find_first_of("&=;#?%[] ") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

TranscriptRule load_rule(const toml::table& toml_table, std::span<const RouteConfig> routes, Problems& problems) {
  TomlTable table(toml_table, problems);
  TranscriptRule rule;
  if (table.read("route", rule.route)) {
    const bool is_known = std::ranges::any_of(routes, [&](const RouteConfig& one) { return one.name == rule.route; });
    if (!is_known) {
      std::vector<std::string> names;
      for (const RouteConfig& one : routes) names.push_back(one.name);
      problems.add(table.position("route"), "no route has the name " + in_quotes(rule.route) +
                                                (names.empty() ? "" : "; " + suggestion(rule.route, names)));
    }
  }
  if (const auto texts = table.read_texts("status", true)) {
    if (texts->empty()) {
      problems.add(table.position("status"), "\"status\" is not empty; leave the key out for any status");
    }
    for (const PlacedText& one : *texts) {
      if (const auto range = parse_statuses(one.text)) {
        rule.statuses.push_back(*range);
      } else {
        problems.add(one.position, in_quotes(one.text) +
                                       " is not a status or a range of them between 100 and 599, as \"101\" or "
                                       "\"500-599\"");
      }
    }
  }
  Millis time_taken{};
  if (table.read_duration("time_taken", time_taken, Millis(1))) rule.time_taken_min = time_taken;
  if (!table.has_any({"route", "status", "time_taken"})) {
    problems.add(table.position(),
                 "a rule needs at least one of route, status and time_taken: status = \"500-599\", for example");
  }
  table.finish();
  return rule;
}

}  // namespace

TranscriptPolicy load_transcripts(const toml::table& toml_table, const std::string& folder,
                                  std::span<const RouteConfig> routes, Problems& problems) {
  TomlTable table(toml_table, problems);
  TranscriptPolicy policy;
  if (table.read("file", policy.file)) {
    if (policy.file.empty()) {
      problems.add(table.position("file"), "\"file\" is not empty; \"-\" is standard output");
    } else if (policy.file != "-") {
      policy.file = resolved(folder, policy.file);
    }
  }
  table.read_size("kept_bytes", policy.kept_bytes, 0, ring_bytes_limit);
  table.read_size("recent_bytes", policy.recent_bytes, 0, ring_bytes_limit);
  policy.mask_fields = load_masked_names(table, "mask_fields", "the name of a field", &is_token);
  policy.mask_query =
      load_masked_names(table, "mask_query", "the name of a query parameter, without its encoding", &is_query_name);
  for (const toml::table* rule : table.read_tables("keep", "[[transcripts.keep]]")) {
    policy.keep.push_back(load_rule(*rule, routes, problems));
  }
  table.finish();
  return policy;
}

}  // namespace turnout
