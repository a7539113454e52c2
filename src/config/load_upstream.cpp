#include "config/load_upstream.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "base/address.h"
#include "base/ascii.h"
#include "codec/http/host.h"
#include "codec/http/path.h"
#include "config/load_fields.h"
#include "config/upstream_server.h"

namespace turnout {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::int64_t fails_max_max = 1'000'000;
constexpr std::int64_t keep_alive_connections_max_max = 100'000;
constexpr std::int64_t warm_max = 1'000;

bool is_name(std::string_view text) {
  const auto fits = [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' || c == '.';
  };
  return !text.empty() && text.size() <= name_bytes_max && std::ranges::all_of(text, fits);
}

bool is_request_path(std::string_view text) {
  return text.starts_with('/') && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

}  // namespace

UpstreamConfig UpstreamLoader::load(const toml::table& toml_table) {
  TomlTable table(toml_table, problems_);
  UpstreamConfig upstream;
  upstream.position = table.position();
  load_name(table, upstream);
  load_servers(table, upstream);
  if (const auto balance = table.read_word("balance", {"round-robin", "least-connections", "random-two"})) {
    constexpr std::array kinds{Balance::round_robin, Balance::least_connections, Balance::random_two};
    upstream.balance = kinds[*balance];
  }
  load_health(table, upstream);
  std::int64_t count = 0;
  if (table.read("fails_max", count, 0, fails_max_max)) upstream.fails_max = static_cast<std::uint32_t>(count);
  table.read_duration("fail_timeout", upstream.fail_timeout, Millis(1));
  load_tls(table, upstream);
  if (const auto version = table.read_word("proxy_protocol", {"off", "v1", "v2"})) {
    constexpr std::array versions{SendProxyProtocol::off, SendProxyProtocol::v1, SendProxyProtocol::v2};
    upstream.proxy_protocol = versions[*version];
  }
  table.read_duration("keep_alive_idle", upstream.keep_alive_idle, Millis(1));
  if (table.read("keep_alive_connections_max", count, 0, keep_alive_connections_max_max)) {
    upstream.keep_alive_connections_max = static_cast<std::uint32_t>(count);
  }
  if (table.read("warm", count, 0, warm_max)) upstream.warm = static_cast<std::uint32_t>(count);
  if (upstream.warm != 0 && upstream.proxy_protocol != SendProxyProtocol::off) {
    problems_.add(
        table.position("warm"),
        "\"warm\" opens connections before there is a client, and \"proxy_protocol\" begins each with the name"
        " of one; leave one of them out");
  }
  table.finish();
  return upstream;
}

void UpstreamLoader::load_name(TomlTable& table, UpstreamConfig& upstream) {
  if (!table.read("name", upstream.name)) {
    if (!table.has_any({"name"}))
      problems_.add(table.position(), "an upstream needs its name, which routes refer to: name = \"app\"");
    return;
  }
  if (!is_name(upstream.name)) {
    problems_.add(table.position("name"), "the name of an upstream has 1 to 64 letters, digits, '-', '_' and '.'");
    return;
  }
  const auto [at, is_new] = names_.try_emplace(upstream.name, upstream.position.line);
  if (!is_new) {
    problems_.add(table.position("name"), "the upstream in line " + std::to_string(at->second) + " is named " +
                                              in_quotes(upstream.name) + " already; put their servers into one list");
  }
}

void UpstreamLoader::load_servers(TomlTable& table, UpstreamConfig& upstream) {
  const auto servers = table.read_texts("servers", false);
  if (!servers) {
    if (!table.has_any({"servers"}))
      problems_.add(table.position(), "an upstream needs its servers: servers = [\"http://127.0.0.1:3000\"]");
    return;
  }
  if (servers->empty()) {
    const toml::node* node = table.find("servers");
    if (node != nullptr && node->is_array() && node->as_array()->empty())
      problems_.add(*node, "\"servers\" is empty; write servers = [\"http://127.0.0.1:3000\"]");
    return;
  }
  std::set<std::tuple<std::string, std::string, std::uint16_t>> seen;
  for (const PlacedText& written : *servers) {
    auto server = parse_upstream_server(written.text, folder_);
    if (!server) {
      problems_.add(written.position, in_quotes(written.text) + ": " + server.error());
      continue;
    }
    server->position = written.position;
    if (!seen.emplace(server->unix_path, server->host, server->port).second) {
      problems_.add(written.position, in_quotes(written.text) + " is in this list already");
    }
    upstream.servers.push_back(std::move(*server));
  }
}

void UpstreamLoader::load_health(TomlTable& outer, UpstreamConfig& upstream) {
  const toml::table* found = outer.read_table("health");
  if (found == nullptr) return;
  TomlTable table(*found, problems_);
  HealthConfig health;
  if (table.read("path", health.path)) {
    if (!is_request_path(health.path)) {
      problems_.add(table.position("path"), "\"path\" is what is asked for, percent-encoded: \"/healthz\"");
    }
  } else if (!table.has_any({"path"})) {
    problems_.add(table.position(), "health needs what to ask for: health = { path = \"/healthz\" }");
  }
  table.read_duration("interval", health.interval, Millis(10));
  table.read_duration("timeout", health.timeout, Millis(1));
  std::int64_t status = 0;
  if (table.read("status", status, 200, 599)) health.status = static_cast<int>(status);
  table.finish();
  upstream.health = std::move(health);
}

void UpstreamLoader::load_tls(TomlTable& outer, UpstreamConfig& upstream) {
  const bool any_tls = std::ranges::any_of(upstream.servers, &UpstreamServerConfig::tls);
  outer.read("http2", upstream.http2);
  if (upstream.http2 && !any_tls && !upstream.servers.empty()) {
    problems_.add(outer.position("http2"),
                  "\"http2\" is offered inside TLS, and no server of this upstream begins with https://; write h2c://"
                  " for a server that speaks HTTP/2 without TLS");
  }
  const toml::table* found = outer.read_table("tls");
  if (found == nullptr) return;
  TomlTable table(*found, problems_);
  if (!any_tls && !upstream.servers.empty()) {
    problems_.add(outer.position("tls"), "\"tls\" is for servers that begin with https://, and this upstream has none");
  }
  UpstreamTlsConfig& tls = upstream.tls;
  load_pem(table, "ca", folder_, tls.ca);
  load_pem(table, "certificate", folder_, tls.certificate);
  load_pem(table, "key", folder_, tls.key);
  if (table.has_any({"certificate"}) != table.has_any({"key"})) {
    problems_.add(table.position(),
                  "a certificate of our own needs its key, and a key its certificate: tls = {"
                  " certificate = \"client.pem\", key = \"client.key\" }");
  }
  if (table.read("name", tls.name)) {
    const auto host = parse_host_pattern(tls.name);
    if (!host || host->starts_with('*') || host->starts_with('[')) {
      problems_.add(table.position("name"), "\"name\" is the name in the server's certificate, as \"app.internal\"");
    } else {
      tls.name = *host;
    }
  }
  table.read("verify", tls.verify);
  if (!tls.verify && (!tls.ca.empty() || !tls.name.empty())) {
    problems_.add(table.position("verify"), "verify = false makes \"ca\" and \"name\" useless; leave one side out");
  }
  table.finish();
}

}  // namespace turnout
