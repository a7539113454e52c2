#include "probe/request_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/version.h"
#include "client/http2_client.h"
#include "client/offer.h"
#include "codec/websocket/extensions.h"

namespace turnout::probe {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list) text.append(text.empty() ? "" : ", ").append(one);
  return text;
}

void add_websocket(Fields& fields, const Ask& ask) {
  fields.emplace_back("Sec-WebSocket-Version", "13");
  if (!ask.subprotocols.empty()) fields.emplace_back("Sec-WebSocket-Protocol", joined(ask.subprotocols));
  if (ask.extensions) fields.emplace_back("Sec-WebSocket-Extensions", websocket::to_offer({}));
}

void add_own(Fields& fields, const Ask& ask) {
  for (const auto& [name, value] : ask.fields) {
    std::erase_if(fields, [&](const auto& field) { return iequals(field.first, name); });
  }
  for (const auto& field : ask.fields) fields.push_back(field);
}

}  // namespace

bool is_websocket(std::string_view token) noexcept {
  return iequals(token, "websocket");
}
bool is_http2(std::string_view token) noexcept {
  return iequals(token, "h2c") || iequals(token, "HTTP/2.0") || iequals(token, "h2");
}
bool is_tls(std::string_view token) noexcept {
  return iequals(token, "TLS") || token.starts_with("TLS/") || token.starts_with("tls/");
}

std::string upgrade_value(std::string_view token) {
  if (const auto known = client::parse_offer(token)) return known->tokens;
  return std::string(token);
}

std::string request_text(const Ask& ask, const std::string& key) {
  const bool connect = ask.purpose == Purpose::after_connect;
  std::string text = connect ? fmt::format("CONNECT {} HTTP/{}\r\n", "turnout-probe.invalid:443", ask.version)
                             : fmt::format("{} {} HTTP/{}\r\n", ask.method, ask.url.target, ask.version);
  Fields fields{{"Host", connect ? "turnout-probe.invalid:443" : ask.url.authority},
                {"User-Agent", fmt::format("turnout-probe/{}", version())}};
  if (ask.origin) fields.emplace_back("Origin", *ask.origin);
  if (!ask.token.empty()) {
    const bool h2c = iequals(ask.token, "h2c");
    fields.emplace_back("Upgrade", upgrade_value(ask.token));
    fields.emplace_back("Connection", h2c ? "Upgrade, HTTP2-Settings" : "Upgrade");
    if (h2c) fields.emplace_back("HTTP2-Settings", client::http2_settings_field());
    if (is_websocket(ask.token)) {
      fields.emplace_back("Sec-WebSocket-Key", key);
      add_websocket(fields, ask);
    }
  }
  if (ask.body) {
    fields.emplace_back("Content-Type", "application/octet-stream");
    fields.emplace_back("Content-Length", std::to_string(ask.body->size()));
  }
  add_own(fields, ask);
  for (const auto& [name, value] : fields) text += fmt::format("{}: {}\r\n", name, value);
  return text + "\r\n";
}

std::string second_request_text(const Ask& ask) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: turnout-probe/{}\r\nConnection: close\r\n\r\n",
                     ask.second_target, ask.url.authority, version());
}

Http2Speaker::Fields request_fields(const Ask& ask) {
  const bool tunnel = !ask.token.empty();
  Fields fields{{":method", tunnel ? "CONNECT" : ask.method},
                {":scheme", ask.url.secure ? "https" : "http"},
                {":authority", ask.url.authority},
                {":path", ask.url.target}};
  if (tunnel) fields.emplace_back(":protocol", ask.token);
  Fields others{{"user-agent", fmt::format("turnout-probe/{}", version())}};
  if (ask.origin) others.emplace_back("origin", *ask.origin);
  if (is_websocket(ask.token)) add_websocket(others, ask);
  add_own(others, ask);
  for (auto& [name, value] : others) {
    // Fields of the connection have no place in HTTP/2 (RFC 9113 section 8.2.2).
    std::string small = to_lower(name);
    if (small == "connection" || small == "upgrade" || small == "host" || small == "http2-settings") continue;
    fields.emplace_back(std::move(small), std::move(value));
  }
  return fields;
}

std::string own_origin(const client::Url& url) {
  return fmt::format("{}://{}", url.secure ? "https" : "http", url.authority);
}

}  // namespace turnout::probe
