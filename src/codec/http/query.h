// QueryParameters: the query of a URL as names and values (the form encoding of the URL standard).
//
//   auto query = QueryParameters::parse("route=chat&force=1", {"route", "token", "force"});
//   if (!query) ...                             // a sentence: an unknown name, one that comes twice, a broken %XX
//   query->find("route")                        // "chat"
#pragma once

#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turnout {

/// "%XX" is a byte and "+" a space; nothing where a percent sign has no two digits behind it.
std::optional<std::string> decode_query_part(std::string_view raw);

class QueryParameters {
 public:
  static std::expected<QueryParameters, std::string> parse(std::string_view query,
                                                           std::initializer_list<std::string_view> known);

  std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// Given, and neither empty, "0" nor "false".
  bool is_set(std::string_view name) const noexcept;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace turnout
