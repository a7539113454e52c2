#include "proxy/switch_translation.h"

#include <algorithm>
#include <vector>

#include "base/ascii.h"
#include "codec/websocket/extensions.h"
#include "codec/websocket/handshake.h"

namespace turnout {
namespace {

constexpr std::string_view key_field = "Sec-WebSocket-Key";
constexpr std::string_view accept_field = "Sec-WebSocket-Accept";
constexpr std::string_view subprotocol_field = "Sec-WebSocket-Protocol";
constexpr std::string_view extensions_field = "Sec-WebSocket-Extensions";

bool is_websocket(std::string_view token) noexcept {
  return iequals(token, "websocket");
}

/// Every name in the extension fields; nothing where one of them breaks the grammar.
std::optional<std::vector<std::string>> extension_names(const FieldList& fields) {
  std::vector<std::string> names;
  for (const Field field : fields) {
    if (!iequals(field.name, extensions_field)) continue;
    const auto extensions = websocket::parse_extensions(field.value);
    if (!extensions) return std::nullopt;
    for (const websocket::Extension& extension : *extensions) names.push_back(extension.name);
  }
  return names;
}

/// RFC 6455 section 4.1: of what was offered the server takes at most one subprotocol, and no other extensions.
bool takes_what_was_offered(const FieldList& answer, const FieldList& offer) {
  if (answer.count(subprotocol_field) > 1) return false;
  if (const auto subprotocol = answer.find(subprotocol_field); subprotocol) {
    // Letter case counts here, other than in lists of HTTP.
    bool was_offered = false;
    for (const Field field : offer) {
      if (!iequals(field.name, subprotocol_field)) continue;
      for_each_member(field.value, [&](std::string_view name) {
        was_offered = was_offered || name == *subprotocol;
        return true;
      });
    }
    if (!was_offered) return false;
  }
  const auto taken = extension_names(answer);
  const auto offered = extension_names(offer);
  if (!taken || !offered) return false;
  return std::ranges::all_of(*taken, [&](const std::string& name) {
    return std::ranges::any_of(*offered, [&](const std::string& other) { return iequals(name, other); });
  });
}

/// RFC 9110 section 7.8: Connection names Upgrade, and Upgrade names one protocol, which was asked for.
bool names_the_token(const FieldList& answer, std::string_view token) {
  if (!answer.has_token("connection", "upgrade") || answer.count("upgrade") != 1) return false;
  return iequals(*answer.find("upgrade"), token);
}

}  // namespace

SwitchRequest switch_request(RequestHead forwarded, std::string_view token, HttpVersion upstream) {
  SwitchRequest asked;
  asked.token = token;
  asked.version = upstream;
  const bool from_http2 = !forwarded.protocol.empty();
  asked.head = std::move(forwarded);
  RequestHead& head = asked.head;
  if (upstream == HttpVersion::http2) {
    head.method = "CONNECT";
    head.protocol = token;
    // RFC 8441 section 5: the key is not used; the stream itself is what proves that the server understood.
    head.fields.remove(key_field);
    return asked;
  }
  if (from_http2) head.method = "GET";
  head.protocol.clear();
  if (is_websocket(token)) {
    if (from_http2) head.fields.set(key_field, websocket::make_key());
    asked.key = head.fields.find(key_field).value_or(std::string_view());
  }
  head.fields.set("Upgrade", token);
  return asked;
}

bool is_switch_answer(int status, HttpVersion upstream) noexcept {
  return upstream == HttpVersion::http2 ? status / 100 == 2 : status == 101;
}

Why check_switch_answer(const ResponseHead& answer, const SwitchRequest& asked) {
  const FieldList& fields = answer.fields;
  if (asked.version == HttpVersion::http11) {
    if (!names_the_token(fields, asked.token)) return Why::switch_token;
    if (fields.has("content-length") || fields.has("transfer-encoding")) return Why::switch_with_length;
  }
  if (!is_websocket(asked.token)) return Why::none;
  if (asked.version == HttpVersion::http11) {
    const bool is_proven =
        fields.count(accept_field) == 1 && *fields.find(accept_field) == websocket::accept_for(asked.key);
    if (!is_proven) return Why::websocket_answer;
  }
  return takes_what_was_offered(fields, asked.head.fields) ? Why::none : Why::websocket_answer;
}

FieldList switch_answer_fields(const ResponseHead& forwarded, const SwitchRequest& asked, const RequestHead& client) {
  FieldList fields = forwarded.fields;
  fields.remove("upgrade");
  if (!is_websocket(asked.token)) return fields;
  fields.remove(accept_field);
  if (client.version != HttpVersion::http2) {
    fields.set(accept_field, websocket::accept_for(client.fields.find(key_field).value_or(std::string_view())));
  }
  return fields;
}

}  // namespace turnout
