#include "codec/http/query.h"

#include <algorithm>

#include "base/ascii.h"

namespace turnout {

std::optional<std::string> decode_query_part(std::string_view raw) {
  std::string decoded;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+') {
      decoded.push_back(' ');
    } else if (raw[i] != '%') {
      decoded.push_back(raw[i]);
    } else {
      if (raw.size() - i < 3) return std::nullopt;
      const int high = hex_value(raw[i + 1]);
      const int low = hex_value(raw[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return decoded;
}

std::expected<QueryParameters, std::string> QueryParameters::parse(std::string_view query,
                                                                   std::initializer_list<std::string_view> known) {
  QueryParameters parsed;
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    if (one.empty()) continue;
    const std::size_t equals = one.find('=');
    auto name = decode_query_part(one.substr(0, equals));
    auto value = decode_query_part(equals == std::string_view::npos ? "" : one.substr(equals + 1));
    if (!name || !value) return std::unexpected("a percent sign in the query has no two digits behind it");
    if (std::ranges::find(known, std::string_view(*name)) == known.end()) {
      std::string all;
      for (const std::string_view word : known) all.append(all.empty() ? "" : ", ").append(word);
      return std::unexpected("the query has a parameter that is not known here; there are: " + all);
    }
    if (parsed.find(*name)) return std::unexpected("the query has \"" + *name + "\" twice");
    parsed.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return parsed;
}

std::optional<std::string_view> QueryParameters::find(std::string_view name) const noexcept {
  const auto at = std::ranges::find(parameters_, name, [](const auto& one) { return std::string_view(one.first); });
  return at == parameters_.end() ? std::nullopt : std::optional<std::string_view>(at->second);
}

bool QueryParameters::is_set(std::string_view name) const noexcept {
  const auto value = find(name);
  return value && !value->empty() && *value != "0" && *value != "false";
}

}  // namespace turnout
