#include "proxy/forwarding.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace turnout {
namespace {

// RFC 9110 section 7.6.1, and what HTTP/2 and its upgrade added. Expect is answered here; the length is the framing's.
constexpr std::array<std::string_view, 11> fields_of_one_hop{
    "connection",     "keep-alive",          "proxy-connection",   "te",     "transfer-encoding", "upgrade",
    "http2-settings", "proxy-authorization", "proxy-authenticate", "expect", "content-length"};

bool is_of_one_hop(std::string_view name) noexcept {
  return std::ranges::any_of(fields_of_one_hop, [&](std::string_view known) { return iequals(known, name); });
}

/// What only a proxy in front of us may say (O7).
bool is_of_proxies(std::string_view name) noexcept {
  constexpr std::string_view family = "x-forwarded-";
  return iequals(name, "forwarded") || iequals(name, "x-real-ip") ||
         (name.size() >= family.size() && iequals(name.substr(0, family.size()), family));
}

/// HTTP and TLS are offered by one hop to the next (law L5).
bool is_between_neighbours(std::string_view token) noexcept {
  const std::string_view name = token.substr(0, token.find('/'));
  return iequals(name, "h2c") || iequals(name, "h2") || iequals(name, "http") || iequals(name, "tls");
}

/// Adds `member` to the list that the field is, which becomes one field.
void append_member(FieldList& fields, std::string_view name, std::string_view member) {
  std::string list;
  for (const Field field : fields) {
    if (iequals(field.name, name) && !field.value.empty()) list.append(field.value).append(", ");
  }
  list.append(member);
  fields.set(name, list);
}

/// A node of Forwarded (RFC 7239 section 6): IPv6 in brackets, and so in quotes.
std::string forwarded_node(const Address& client) {
  const std::string ip = ip_text(client);
  return client.is_ipv4() ? ip : "\"[" + ip + "]\"";
}

void add_forwarding(const RequestHead& request, const ForwardHop& hop, FieldList& fields) {
  const std::string_view scheme = request.secure ? "https" : "http";
  append_member(fields, "X-Forwarded-For", ip_text(hop.client));
  std::string element = "for=" + forwarded_node(hop.client);
  element.append(";proto=").append(scheme);
  // An authority may hold a colon, which is no token.
  if (!request.authority.empty()) element.append(";host=\"").append(request.authority).append("\"");
  append_member(fields, "Forwarded", element);
  // What the first proxy said of these stands, where it is one whose word counts.
  if (!fields.has("X-Forwarded-Proto")) fields.add("X-Forwarded-Proto", scheme);
  if (!fields.has("X-Forwarded-Host") && !request.authority.empty()) {
    fields.add("X-Forwarded-Host", request.authority);
  }
}

std::string_view via_version(HttpVersion version) noexcept {
  switch (version) {
    case HttpVersion::http10: return "1.0 turnout";
    case HttpVersion::http11: return "1.1 turnout";
    case HttpVersion::http2: return "2.0 turnout";
  }
  return "1.1 turnout";
}

void apply(FieldList& fields, const ForwardRules::Fields& set, const std::vector<std::string>& remove) {
  for (const std::string& name : remove) fields.remove(name);
  for (const auto& [name, value] : set) fields.set(name, value);
}

/// "/app/a?b" without "/app" is "/a?b"; what is left begins with a slash.
void strip_prefix(PooledString& target, std::string_view prefix) {
  if (prefix.empty() || !std::string_view(target).starts_with(prefix)) return;
  const char next = target.size() == prefix.size() ? '?' : target[prefix.size()];
  if (prefix.back() == '/') {
    target.erase(0, prefix.size() - 1);
  } else if (next == '/') {
    target.erase(0, prefix.size());
  } else if (next == '?') {
    target.replace(0, prefix.size(), "/");
  }
}

}  // namespace

RequestHead forward_request(const RequestHead& request, const ForwardHop& hop, const ForwardRules& rules) {
  RequestHead onward;
  onward.version = request.version;
  onward.secure = request.secure;
  onward.method = request.method;
  onward.target = request.target;
  strip_prefix(onward.target, rules.strip_prefix);
  onward.authority = request.authority;
  if (rules.host == ForwardRules::Host::fixed) onward.authority = rules.fixed_host;
  // HTTP/1.0 may come without a Host, and then this one has to do.
  if (rules.host == ForwardRules::Host::upstream || onward.authority.empty()) onward.authority = hop.upstream_authority;

  onward.fields.reserve(request.fields.bytes() + 256, request.fields.size() + 8);
  for (const Field field : request.fields) {
    if (is_of_one_hop(field.name) || iequals(field.name, "host")) continue;
    if (request.fields.has_token("connection", field.name)) continue;
    if (!hop.client_is_trusted && is_of_proxies(field.name)) continue;
    onward.fields.add(field.name, field.value);
  }
  add_forwarding(request, hop, onward.fields);
  // TE is of one hop, but whether trailers are of use is for the client to know (RFC 9110 section 6.5.1).
  if (request.fields.has_token("te", "trailers")) onward.fields.add("TE", "trailers");
  append_member(onward.fields, "Via", via_version(request.version));
  apply(onward.fields, rules.set, rules.remove);
  return onward;
}

ResponseHead forward_response(const ResponseHead& response, const ForwardRules& rules) {
  ResponseHead back(response.status);
  back.fields.reserve(response.fields.bytes(), response.fields.size());
  for (const Field field : response.fields) {
    if (is_of_one_hop(field.name)) continue;
    if (response.fields.has_token("connection", field.name)) continue;
    back.fields.add(field.name, field.value);
  }
  std::string upgrade;
  for (const Field field : response.fields) {
    if (!iequals(field.name, "upgrade")) continue;
    for_each_member(field.value, [&](std::string_view member) {
      if (!is_between_neighbours(member)) upgrade.append(upgrade.empty() ? "" : ", ").append(member);
      return true;
    });
  }
  if (!upgrade.empty()) back.fields.add("Upgrade", upgrade);
  apply(back.fields, rules.set_response, rules.remove_response);
  return back;
}

}  // namespace turnout
