#include "config/origin.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "codec/http/authority.h"

namespace turnout {
namespace {

constexpr bool is_scheme_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.';
}

}  // namespace

std::expected<std::string, std::string> parse_origin(std::string_view text) {
  const auto wrong = [](const char* message) { return std::unexpected(std::string(message)); };
  if (text == "null") return std::string(text);
  if (text.find('*') != std::string_view::npos)
    return wrong("an origin has no wildcards; origins = \"any\" allows all");
  const std::string origin = to_lower(text);
  const std::size_t colon = origin.find("://");
  if (colon == std::string::npos) return wrong("an origin is written with its scheme: \"https://example.com\"");
  const std::string_view scheme = std::string_view(origin).substr(0, colon);
  if (scheme.empty() || is_digit(scheme.front()) || !std::ranges::all_of(scheme, is_scheme_char)) {
    return wrong("that is not a scheme");
  }
  const std::string_view rest = std::string_view(origin).substr(colon + 3);
  if (rest.find('/') != std::string_view::npos) return wrong("an origin has no path, not even a final '/'");
  const std::optional<Authority> authority = parse_authority(rest);
  if (!authority || rest.ends_with(':')) return wrong("an origin is scheme://host or scheme://host:port");
  std::string result = std::string(scheme) + "://" + std::string(authority->host);
  const bool is_default = (scheme == "https" && authority->port == 443) || (scheme == "http" && authority->port == 80);
  if (authority->port && !is_default) result += ':' + std::to_string(*authority->port);
  return result;
}

}  // namespace turnout
