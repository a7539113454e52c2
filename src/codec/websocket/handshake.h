// The WebSocket opening handshake (RFC 6455 section 4, and RFC 8441 section 5 for HTTP/2) as pure functions.
//
// Server:
//   auto handshake = check_request(head);                     // std::expected<ServerHandshake, HandshakeFault>
//   if (!origin_allowed(head, policy)) ...                    // 403
//   ResponseHead answer(handshake->status);                   // 101, or 200 over HTTP/2
//   add_answer_fields(*handshake, chosen_subprotocol, answer.fields);
//
// Client:
//   ClientOffer offer{.key = make_key(), .subprotocols = {"chat"}};
//   add_request_fields(offer, HttpVersion::http11, fields);
//   auto agreed = check_answer(answer, offer, HttpVersion::http11);
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/origin_policy.h"
#include "base/why.h"
#include "codec/http/message.h"
#include "codec/websocket/extensions.h"

namespace turnout::websocket {

struct ServerHandshake {
  int status = 101;                       // 200 over HTTP/2
  std::string accept;                     // Sec-WebSocket-Accept; empty over HTTP/2
  std::optional<Deflate> deflate;         // what the engine needs
  std::vector<std::string> subprotocols;  // that the client speaks, in its order; unique
};

struct HandshakeFault {
  int status = 400;
  Why why = Why::malformed;
  FieldList fields;  // for the answer; Connection is not among them
};

/// Server: may this request become a WebSocket? Origin and resource are other questions. An HTTP/1.1 request is
/// expected to offer the token websocket; one that does not gets 426 here.
std::expected<ServerHandshake, HandshakeFault> check_request(const RequestHead& head,
                                                             const DeflatePolicy& deflate = {});

/// Server: Upgrade (HTTP/1.1 only), Sec-WebSocket-Accept (likewise), -Protocol (where `subprotocol` is not empty) and
/// -Extensions. Connection belongs to the protocol that writes the answer.
void add_answer_fields(const ServerHandshake& handshake, std::string_view subprotocol, FieldList& fields);

/// Sec-WebSocket-Accept for a key (RFC 6455 section 4.2.2).
std::string accept_for(std::string_view key);

/// Whose pages may open a WebSocket here (RFC 6455 section 10.2, W1)? No Origin: not a page, allowed. Otherwise scheme,
/// host and port have to be those of the request itself, unless the policy lists it or allows any.
bool origin_allowed(const RequestHead& head, const OriginPolicy& policy);

struct ClientOffer {
  std::string key;  // of make_key(); not used over HTTP/2
  std::vector<std::string> subprotocols;
  DeflatePolicy deflate;
};

struct ClientHandshake {
  std::optional<Deflate> deflate;
  std::string subprotocol;  // empty: none
};

/// Client: 16 random bytes in base64, fresh for every connection (RFC 6455 section 4.1).
std::string make_key();

/// Client: every field of the handshake except Host, Origin and Connection.
void add_request_fields(const ClientOffer& offer, HttpVersion version, FieldList& fields);

/// Client: does the answer accept what was offered, and nothing else (law L3)? Why::websocket_declined means that the
/// status is not the one of an acceptance, so that it is an ordinary answer; every other reason means: close.
std::expected<ClientHandshake, Why> check_answer(const ResponseHead& answer, const ClientOffer& offer,
                                                 HttpVersion version);

}  // namespace turnout::websocket
