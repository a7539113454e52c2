#include "config/load_route.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/ascii.h"
#include "codec/http/grammar.h"
#include "codec/http/host.h"
#include "codec/http/path_pattern.h"
#include "config/load_access.h"
#include "config/load_fields.h"
#include "config/load_proxy.h"
#include "config/origin.h"
#include "config/readable_file.h"

namespace turnout {
namespace {

// What is not for an answer that is written here to say, besides what no configuration may.
std::string check_own_field(std::string_view name) {
  if (iequals(name, "content-type")) return in_quotes(name) + " has a key of its own: content_type";
  const bool is_ours = is_framing_field(name) || iequals(name, "date") || iequals(name, "alt-svc");
  return is_ours ? in_quotes(name) + " is written by the server where it is due" : std::string();
}

std::string check_method(std::string_view method) {
  if (!is_token(method)) return "a method is a token, as \"GET\"";
  if (method == "PRI") return "\"PRI\" is part of the HTTP/2 preface and never a method";
  if (method == "CONNECT") return "CONNECT is not routed; extended CONNECT is matched as the GET that it stands for";
  for (std::string_view known : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"}) {
    if (method != known && iequals(method, known)) return "methods are written in capitals: " + in_quotes(known);
  }
  return {};
}

void load_files(const toml::table& toml_table, const std::string& folder, const PathPattern& path, RouteConfig& route,
                Problems& problems) {
  TomlTable table(toml_table, problems);
  FilesConfig files;
  if (table.read("root", files.root)) {
    if (files.root.empty()) {
      problems.add(table.position("root"), "\"root\" is not empty; \".\" is the folder of this file");
    } else {
      files.root = resolved(folder, files.root);
      std::error_code ignored;
      const std::filesystem::file_status status = std::filesystem::status(files.root, ignored);
      // Whether it is there is seen at start; a file in its place is a mistake already.
      if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
        problems.add(table.position("root"), "\"root\" is a folder, and " + in_quotes(files.root) + " is not one");
      }
    }
  } else if (toml_table.get("root") == nullptr) {
    problems.add(table.position(), "files needs the folder to serve: files = { root = \"/srv/www\" }");
  }
  files.prefix = path.literal();
  if (path.kind() == PathPattern::Kind::exact) files.prefix.resize(files.prefix.rfind('/'));
  table.finish();
  route.handler = std::move(files);
}

void load_respond(const toml::table& toml_table, RouteConfig& route, Problems& problems) {
  TomlTable table(toml_table, problems);
  RespondConfig respond;
  std::int64_t status = respond.status;
  table.read("status", status, 200, 599);
  respond.status = static_cast<int>(status);
  table.read("body", respond.body);
  if (!respond.body.empty() && (status == 204 || status == 205 || status == 304)) {
    problems.add(table.position("body"), "an answer with status " + std::to_string(status) + " has no body");
  }
  if (table.read("content_type", respond.content_type) &&
      (respond.content_type.empty() || !is_field_text(respond.content_type))) {
    problems.add(table.position("content_type"), "\"content_type\" is a media type, as \"text/plain; charset=utf-8\"");
  }
  if (const toml::table* fields = table.read_table("fields")) {
    respond.fields = load_fields(*fields, &check_own_field, problems);
  }
  table.finish();
  route.handler = std::move(respond);
}

void load_redirect(const toml::table& toml_table, RouteConfig& route, Problems& problems) {
  TomlTable table(toml_table, problems);
  RedirectConfig redirect;
  if (table.read("to", redirect.to)) {
    const std::size_t colon = redirect.to.find("://");
    const bool absolute = colon != std::string::npos && colon > 0 && colon + 3 < redirect.to.size();
    if ((!redirect.to.starts_with('/') && !absolute) ||
        !std::ranges::all_of(redirect.to, [](char c) { return c > 0x20 && c < 0x7f; })) {
      problems.add(table.position("to"),
                   "\"to\" is a URL or a path, percent-encoded: \"https://example.com/\" or \"/new/\"");
    }
  } else if (toml_table.get("to") == nullptr) {
    problems.add(table.position(), "redirect needs its target: redirect = { to = \"https://example.com/\" }");
  }
  std::int64_t status = redirect.status;
  if (table.read("status", status, 300, 399)) {
    constexpr std::array<std::int64_t, 5> statuses{301, 302, 303, 307, 308};
    if (std::ranges::find(statuses, status) == statuses.end()) {
      problems.add(table.position("status"), "a redirect has status 301, 302, 303, 307 or 308");
    }
    redirect.status = static_cast<int>(status);
  }
  table.finish();
  route.handler = std::move(redirect);
}

}  // namespace

RouteConfig RouteLoader::load(const toml::table& toml_table) {
  TomlTable table(toml_table, problems_);
  const std::size_t problems_before = problems_.count();
  RouteConfig route;
  route.position = table.position();
  if (const toml::table* match = table.read_table("match")) load_match(*match, route);
  load_handler(table, route);
  load_name(table, route);
  load_tls_policy(table, route);
  load_policy(table, route);
  table.finish();
  if (problems_.count() != problems_before) return route;  // it would be held against what was not meant
  if (route.connect) {
    note_duplicate_targets(route);
  } else {
    note_duplicates(route);
  }
  return route;
}

void RouteLoader::load_name(TomlTable& table, RouteConfig& route) {
  constexpr std::size_t name_bytes_max = 64;
  if (!table.read("name", route.name)) {
    route.name = default_route_name(route);
    return;
  }
  const bool is_plain = std::ranges::all_of(route.name, [](char c) { return c > 0x20 && c < 0x7f && c != '"'; });
  if (!is_plain || route.name.empty() || route.name.size() > name_bytes_max || route.name == "-") {
    problems_.add(table.position("name"), "\"name\" is a word of at most 64 visible ASCII characters, as \"chat\"");
  }
}

void RouteLoader::load_match(const toml::table& toml_table, RouteConfig& route) {
  TomlTable table(toml_table, problems_);
  if (const auto hosts = table.read_texts("host", true)) {
    if (hosts->empty()) problems_.add(table.position("host"), "\"host\" is not empty; leave the key out for any host");
    for (const PlacedText& host : *hosts) {
      auto pattern = parse_host_pattern(host.text);
      if (pattern) {
        route.match.hosts.push_back(std::move(*pattern));
      } else {
        problems_.add(host.position, in_quotes(host.text) + ": " + pattern.error());
      }
    }
  }
  std::string path;
  if (table.read("path", path)) {
    const auto pattern = PathPattern::parse(path);
    if (pattern) {
      route.match.path = path;
    } else {
      problems_.add(table.position("path"), in_quotes(path) + ": " + pattern.error());
    }
  }
  if (const auto methods = table.read_texts("method", true)) {
    if (methods->empty())
      problems_.add(table.position("method"), "\"method\" is not empty; leave the key out for any method");
    for (const PlacedText& method : *methods) {
      const std::string fault = check_method(method.text);
      if (!fault.empty()) problems_.add(method.position, in_quotes(method.text) + ": " + fault);
      route.match.methods.push_back(method.text);
    }
  }
  table.finish();
}

void RouteLoader::load_handler(TomlTable& table, RouteConfig& route) {
  const toml::table* files = table.read_table("files");
  const toml::table* respond = table.read_table("respond");
  const toml::table* redirect = table.read_table("redirect");
  const toml::table* echo = table.read_table("echo");
  const toml::table* proxy = table.read_table("proxy");
  if (files != nullptr) {
    load_files(*files, folder_, PathPattern::parse(route.match.path).value(), route, problems_);
  }
  if (respond != nullptr) load_respond(*respond, route, problems_);
  if (redirect != nullptr) load_redirect(*redirect, route, problems_);
  if (echo != nullptr) {
    TomlTable(*echo, problems_).finish();
    route.handler = EchoConfig();
  }
  if (proxy != nullptr) load_proxy(*proxy, upstreams_, route, problems_);
  load_connect(table, route);

  constexpr std::array<std::string_view, 6> kinds{"files", "respond", "redirect", "echo", "proxy", "connect"};
  const auto count = std::ranges::count_if(kinds, [&](std::string_view kind) { return table.has_any({kind}); });
  if (count != 1) {
    problems_.add(table.position(),
                  "a route has exactly one of files, respond, redirect, echo, proxy and connect; this one has " +
                      (count == 0 ? std::string("none") : std::to_string(count)));
  }
}

void RouteLoader::load_policy(TomlTable& table, RouteConfig& route) {
  const toml::node* origins = table.find("origins");
  if (origins != nullptr && origins->is_string()) {
    if (origins->as_string()->get() == "any") {
      route.origins.kind = OriginPolicy::Kind::any;
    } else {
      problems_.add(*origins, "\"origins\" is \"any\" or an array, as [\"https://example.com\"]");
    }
  } else if (const auto listed = table.read_texts("origins", false)) {
    route.origins.kind = OriginPolicy::Kind::listed;
    for (const PlacedText& text : *listed) {
      auto origin = parse_origin(text.text);
      if (origin) {
        route.origins.listed.push_back(std::move(*origin));
      } else {
        problems_.add(text.position, in_quotes(text.text) + ": " + origin.error());
      }
    }
  }

  if (route.connect) {
    table.find("switch");  // known, and already refused
  } else if (route.proxy) {
    if (table.find("switch") != nullptr) {
      problems_.add(table.position("switch"),
                    "\"switch\" of a proxy is written inside it: proxy = { to = \"app\","
                    " switch = [\"websocket\"] }");
    }
  } else if (auto tokens = load_switch_tokens(table)) {
    route.switch_tokens = std::move(*tokens);
  } else if (std::holds_alternative<EchoConfig>(route.handler)) {
    route.switch_tokens.emplace_back("websocket");
  }

  route.access = load_access(table);
}

void RouteLoader::load_tls_policy(TomlTable& table, RouteConfig& route) {
  table.read("require_tls", route.require_tls);
  const toml::node* redirect = table.find("redirect_to_https");
  if (redirect == nullptr) return;
  constexpr std::uint16_t https_port = 443;
  if (redirect->is_integer() || redirect->is_boolean()) {
    std::int64_t port = 0;
    if (redirect->is_boolean()) {
      route.redirect_to_https = redirect->as_boolean()->get() ? https_port : 0;
    } else if (table.read("redirect_to_https", port, 1, 65'535)) {
      route.redirect_to_https = static_cast<std::uint16_t>(port);
    }
  } else {
    problems_.add(*redirect, "\"redirect_to_https\" is true, or the port of https where that is not 443");
  }
  if (route.require_tls && route.redirect_to_https != 0) {
    problems_.add(*redirect, "a request in cleartext is either refused (require_tls) or redirected; leave one out");
  }
}

void RouteLoader::note_duplicates(const RouteConfig& route) {
  std::vector<std::string> hosts = route.match.hosts;
  if (hosts.empty()) hosts.emplace_back("");
  std::ranges::sort(hosts);
  hosts.erase(std::ranges::unique(hosts).begin(), hosts.end());
  const std::string path = PathPattern::parse(route.match.path).value().canonical();
  bool reported = false;
  for (const std::string& host : hosts) {
    std::vector<Seen>& others = seen_[host + path];
    for (const Seen& other : others) {
      const auto shares = [&](const std::string& method) {
        return std::ranges::find(other.methods, method) != other.methods.end();
      };
      const bool both_any = other.methods.empty() && route.match.methods.empty();
      if (reported || (!both_any && std::ranges::none_of(route.match.methods, shares))) continue;
      problems_.add(route.position, "the route in line " + std::to_string(other.position.line) +
                                        " is for the same host, path and method, and would always be taken");
      reported = true;
    }
    others.push_back({route.match.methods, route.position});
  }
}

void RouteLoader::note_duplicate_targets(const RouteConfig& route) {
  for (const HostPort& target : route.connect->targets) {
    const auto [at, is_new] = targets_.try_emplace({target.host, target.port}, route.position);
    if (is_new) continue;
    problems_.add(route.position, in_quotes(target.host + ":" + std::to_string(target.port)) +
                                      " is a target of the route in line " + std::to_string(at->second.line) +
                                      " already, which would always be taken");
  }
}

}  // namespace turnout
