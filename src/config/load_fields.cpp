#include "config/load_fields.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "config/readable_file.h"

namespace turnout {
namespace {

constexpr std::array<std::string_view, 9> framing_fields{
    "connection",       "content-length",    "http2-settings", "keep-alive", "te",
    "proxy-connection", "transfer-encoding", "trailer",        "upgrade"};

/// The token without its version, "websocket" of "websocket/13"; "" where it is no token (RFC 9110 section 7.8).
std::string_view token_name(std::string_view token) {
  const std::size_t slash = token.find('/');
  if (slash != std::string_view::npos && !is_token(token.substr(slash + 1))) return {};
  return is_token(token.substr(0, slash)) ? token.substr(0, slash) : std::string_view();
}

}  // namespace

bool is_framing_field(std::string_view name) {
  return std::ranges::find(framing_fields, to_lower(name)) != framing_fields.end();
}

bool is_field_text(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
  return printable && trim(text).size() == text.size();
}

std::vector<std::pair<std::string, std::string>> load_fields(const toml::table& table, FieldNameCheck check,
                                                             Problems& problems) {
  std::vector<std::pair<std::string, std::string>> fields;
  TomlTable reader(table, problems);
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const SourcePosition at{key.source().begin.line, key.source().begin.column};
    const std::string fault = is_token(name) ? check(name) : in_quotes(name) + " is not the name of a field";
    if (!fault.empty()) problems.add(at, fault);
    for (const PlacedText& value : reader.read_texts(name, true).value_or(std::vector<PlacedText>())) {
      if (!is_field_text(value.text)) {
        problems.add(value.position, "the value of a field has visible ASCII characters, and spaces between them");
      }
      fields.emplace_back(name, value.text);
    }
  }
  return fields;
}

std::optional<std::vector<std::string>> load_switch_tokens(TomlTable& table) {
  const auto tokens = table.read_texts("switch", false);
  if (!tokens) return std::nullopt;
  std::vector<std::string> loaded;
  for (const PlacedText& token : *tokens) {
    const std::string name = to_lower(token_name(token.text));
    if (name.empty()) {
      table.problems().add(token.position, in_quotes(token.text) + " is not a protocol name, as \"websocket\"");
    } else if (name == "h2c" || name == "h2" || name == "http" || name == "tls") {
      // They are spoken between two neighbours, and decided before there is a route (law L5).
      table.problems().add(token.position,
                           in_quotes(token.text) +
                               " cannot be a matter of a route: HTTP and TLS are switched to by the listener"
                               " (tls_upgrade, lenient_upgrade)");
    }
    loaded.push_back(to_lower(token.text));
  }
  return loaded;
}

void load_pem(TomlTable& table, std::string_view key, const std::string& folder, std::string& to) {
  std::string name;
  if (!table.read(key, name)) return;
  to = resolved(folder, name);
  const ReadableFile file(to);
  if (file.fault().empty()) return;
  table.problems().add(
      table.position(key),
      "cannot read " + in_quotes(to) + " (" + file.fault() +
          "); name a PEM file that the server's user may read, or make one: openssl req -x509 -newkey rsa:2048"
          " -nodes -subj /CN=localhost -keyout server.key -out server.pem");
}

}  // namespace turnout
