#include "config/load_route.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/ascii.h"
#include "codec/http/grammar.h"
#include "codec/http/host.h"
#include "codec/http/path_pattern.h"
#include "config/origin.h"

namespace turnout {
namespace {

// What the protocol writes itself, and what would let a field decide where a message ends.
constexpr std::array<std::string_view, 12> own_fields{
    "connection", "content-length",    "date",    "keep-alive",   "proxy-connection", "te",
    "trailer",    "transfer-encoding", "upgrade", "content-type", "alt-svc",          "http2-settings"};

bool is_field_text(std::string_view text) {
  const bool printable = std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
  return printable && trim(text).size() == text.size();
}

/// The token without its version, "websocket" of "websocket/13"; "" where it is no token (RFC 9110 section 7.8).
std::string_view token_name(std::string_view token) {
  const std::size_t slash = token.find('/');
  if (slash != std::string_view::npos && !is_token(token.substr(slash + 1))) return {};
  return is_token(token.substr(0, slash)) ? token.substr(0, slash) : std::string_view();
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
    for (const auto& [key, node] : *fields) {
      const std::string name(key.str());
      const SourcePosition at{key.source().begin.line, key.source().begin.column};
      if (!is_token(name)) {
        problems.add(at, in_quotes(name) + " is not the name of a field");
      } else if (std::ranges::find(own_fields, to_lower(name)) != own_fields.end()) {
        problems.add(at,
                     in_quotes(name) + (iequals(name, "content-type") ? " has a key of its own: content_type"
                                                                      : " is written by the server where it is due"));
      }
      TomlTable reader(*fields, problems);
      for (const PlacedText& value : reader.read_texts(name, true).value_or(std::vector<PlacedText>())) {
        if (!is_field_text(value.text)) {
          problems.add(value.position, "the value of a field has visible ASCII characters, and spaces between them");
        }
        respond.fields.emplace_back(name, value.text);
      }
    }
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

std::string resolved(const std::string& folder, const std::string& name) {
  return (std::filesystem::path(folder) / name).lexically_normal().string();
}

RouteConfig RouteLoader::load(const toml::table& toml_table) {
  TomlTable table(toml_table, problems_);
  const std::size_t problems_before = problems_.count();
  RouteConfig route;
  route.position = table.position();
  if (const toml::table* match = table.read_table("match")) load_match(*match, route);
  load_handler(table, route);
  load_policy(table, route);
  table.finish();
  if (problems_.count() == problems_before) note_duplicates(route);  // else it would be held against what was not meant
  return route;
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
  if (files != nullptr) {
    load_files(*files, folder_, PathPattern::parse(route.match.path).value(), route, problems_);
  }
  if (respond != nullptr) load_respond(*respond, route, problems_);
  if (redirect != nullptr) load_redirect(*redirect, route, problems_);
  if (echo != nullptr) {
    TomlTable(*echo, problems_).finish();
    route.handler = EchoConfig();
  }
  const int count = (files != nullptr) + (respond != nullptr) + (redirect != nullptr) + (echo != nullptr);
  const bool wrong_type = table.has_any({"files", "respond", "redirect", "echo"}) && count == 0;
  if (count != 1 && !wrong_type) {
    problems_.add(table.position(), "a route has exactly one of files, respond, redirect and echo; this one has " +
                                        (count == 0 ? std::string("none") : std::to_string(count)));
  }
}

void RouteLoader::load_policy(TomlTable& table, RouteConfig& route) {
  table.read("require_tls", route.require_tls);

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

  if (const auto tokens = table.read_texts("switch", false)) {
    for (const PlacedText& token : *tokens) {
      const std::string name = to_lower(token_name(token.text));
      if (name.empty()) {
        problems_.add(token.position, in_quotes(token.text) + " is not a protocol name, as \"websocket\"");
      } else if (name == "h2c" || name == "h2" || name == "http" || name == "tls") {
        // They are spoken between two neighbours, and decided before there is a route (law L5).
        problems_.add(token.position, in_quotes(token.text) +
                                          " cannot be a matter of a route: HTTP and TLS are switched to by the listener"
                                          " (tls_upgrade, lenient_upgrade)");
      }
      route.switch_tokens.push_back(to_lower(token.text));
    }
  } else if (std::holds_alternative<EchoConfig>(route.handler)) {
    route.switch_tokens.emplace_back("websocket");
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

}  // namespace turnout
