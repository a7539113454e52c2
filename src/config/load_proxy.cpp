#include "config/load_proxy.h"

#include <algorithm>

#include "base/ascii.h"
#include "codec/http/authority.h"
#include "codec/http/path.h"
#include "codec/http/path_pattern.h"
#include "config/load_fields.h"
#include "config/upstream_server.h"

namespace turnout {
namespace {

std::string check_edited_field(std::string_view name) {
  if (is_framing_field(name)) return in_quotes(name) + " is written by the server where it is due";
  if (iequals(name, "host")) return in_quotes(name) + " has a key of its own: host = \"keep\", \"upstream\" or a name";
  // A handshake is between its two ends, or translated as a whole.
  if (to_lower(name).starts_with("sec-websocket-")) return in_quotes(name) + " belongs to the handshake of WebSocket";
  return {};
}

void load_to(TomlTable& table, std::span<const UpstreamConfig> upstreams, ProxyConfig& proxy) {
  if (!table.read("to", proxy.to)) {
    if (!table.has_any({"to"}))
      table.problems().add(table.position(), "proxy needs the name of an upstream: proxy = { to = \"app\" }");
    return;
  }
  if (std::ranges::find(upstreams, proxy.to, &UpstreamConfig::name) != upstreams.end()) return;
  std::vector<std::string> names;
  for (const UpstreamConfig& upstream : upstreams) names.push_back(upstream.name);
  const std::string message = "there is no upstream " + in_quotes(proxy.to) + "; ";
  table.problems().add(
      table.position("to"),
      message + (names.empty() ? "write [[upstream]] with its name and its servers" : suggestion(proxy.to, names)));
}

void load_times(TomlTable& table, ProxyConfig& proxy) {
  table.read_duration("idle", proxy.idle, Millis(1));
  const toml::node* lifetime = table.find("lifetime");
  const bool unlimited = lifetime != nullptr && lifetime->is_string() && lifetime->as_string()->get() == "unlimited";
  Millis ms{0};
  if (!unlimited && table.read_duration("lifetime", ms, Millis(1))) proxy.lifetime = ms;
  table.read_duration("half_close", proxy.half_close, Millis(1));
  table.read_duration("connect_timeout", proxy.connect_timeout, Millis(1));
  table.read_duration("answer_timeout", proxy.answer_timeout, Millis(1));
  table.read_duration("upgrade_timeout", proxy.upgrade_timeout, Millis(1));
}

void load_strip_prefix(TomlTable& table, const RouteConfig& route, ProxyConfig& proxy) {
  if (!table.read("strip_prefix", proxy.strip_prefix)) return;
  const auto pattern = PathPattern::parse(proxy.strip_prefix);
  const bool fixed = pattern && pattern->kind() == PathPattern::Kind::exact && pattern->literal().size() > 1 &&
                     !pattern->literal().ends_with('/');
  if (!fixed) {
    table.problems().add(table.position("strip_prefix"),
                         "\"strip_prefix\" is the beginning of a path, without a final '/': \"/app\"");
    return;
  }
  // Else there would be requests of this route that do not have it, and no answer to what becomes of those.
  const std::string literal = PathPattern::parse(route.match.path).value().literal();
  if (literal != pattern->literal() && !literal.starts_with(pattern->literal() + "/")) {
    table.problems().add(table.position("strip_prefix"),
                         "the paths of this route do not all begin with " + in_quotes(proxy.strip_prefix) +
                             "; match = { path = " + in_quotes(proxy.strip_prefix + "/**") + " } would");
  }
  proxy.strip_prefix = pattern->literal();
}

void load_host(TomlTable& table, ProxyConfig& proxy) {
  std::string host;
  if (!table.read("host", host) || host == "keep") return;
  if (host == "upstream") {
    proxy.host = ProxyConfig::Host::upstream;
    return;
  }
  if (!parse_authority(host) || host.ends_with(':')) {
    table.problems().add(
        table.position("host"),
        "\"host\" is \"keep\" (as the client sent it), \"upstream\" (the server's own) or what to send,"
        " as \"app.internal:8080\"");
  }
  proxy.host = ProxyConfig::Host::literal;
  proxy.host_literal = host;
}

void load_edits(TomlTable& table, std::string_view set, std::string_view remove, FieldEdits& edits) {
  if (const toml::table* fields = table.read_table(set)) {
    edits.set = load_fields(*fields, &check_edited_field, table.problems());
  }
  for (const PlacedText& name : table.read_texts(remove, false).value_or(std::vector<PlacedText>())) {
    const std::string fault =
        is_token(name.text) ? check_edited_field(name.text) : in_quotes(name.text) + " is not the name of a field";
    if (!fault.empty()) table.problems().add(name.position, fault);
    edits.remove.push_back(name.text);
  }
}

}  // namespace

void load_proxy(const toml::table& toml_table, std::span<const UpstreamConfig> upstreams, RouteConfig& route,
                Problems& problems) {
  TomlTable table(toml_table, problems);
  ProxyConfig proxy;
  load_to(table, upstreams, proxy);
  route.switch_tokens = load_switch_tokens(table).value_or(std::vector<std::string>{"websocket"});
  load_times(table, proxy);
  load_strip_prefix(table, route, proxy);
  load_host(table, proxy);
  load_edits(table, "set", "remove", proxy.request);
  load_edits(table, "set_response", "remove_response", proxy.response);
  table.finish();
  route.origins.kind = OriginPolicy::Kind::any;
  route.proxy = std::move(proxy);
}

void load_connect(TomlTable& table, RouteConfig& route) {
  const auto targets = table.read_texts("connect", false);
  if (!targets) return;
  ConnectConfig connect;
  const toml::node* node = table.find("connect");
  if (node != nullptr && node->is_array() && node->as_array()->empty()) {
    table.problems().add(*node, "\"connect\" is empty; list the targets: connect = [\"db.example.com:5432\"]");
  }
  for (const PlacedText& written : *targets) {
    auto target = parse_host_port(written.text);
    if (target) {
      connect.targets.push_back(std::move(*target));
    } else {
      table.problems().add(written.position, in_quotes(written.text) + ": " + target.error());
    }
  }
  for (const std::string_view key : {"match", "switch", "origins", "redirect_to_https"}) {
    if (table.has_any({key})) {
      table.problems().add(table.position(key), in_quotes(key) +
                                                    " says nothing about CONNECT, which has no path: the"
                                                    " targets are what such a route matches");
    }
  }
  route.connect = std::move(connect);
}

}  // namespace turnout
