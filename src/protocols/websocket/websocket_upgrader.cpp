#include "protocols/websocket/websocket_upgrader.h"

#include "codec/websocket/handshake.h"
#include "protocols/websocket/websocket.h"
#include "switching/exchange.h"
#include "switching/message_channel.h"
#include "switching/session.h"

namespace turnout {

Task<Verdict> WebSocketUpgrader::consider(const UpgradeOffer& offer, const UpgradeToken& /*token*/,
                                          Session& session) const {
  const RequestHead& request = offer.request->head;
  const MessageApp* app = offer.route->handler->message_app();
  if (app == nullptr || !offer.route->allows(token())) co_return Decline{Why::token_not_on_route};
  // An Upgrade that was not named in Connection may be somebody else's; only what looks like a handshake meant for us
  // is told about it (RFC 9110 section 7.6.1).
  if (!offer.nominated && request.method != "GET") co_return Decline{Why::no_connection_upgrade};
  if (session.has_made(Switched::websocket)) co_return Decline{Why::already_switched};

  websocket::DeflatePolicy deflate;
  deflate.enabled = compression_.enabled;
  auto handshake = websocket::check_request(request, deflate);
  if (!handshake) {
    auto& fault = handshake.error();
    co_return Refuse{fault.status, fault.why, std::move(fault.fields)};
  }
  if (!offer.request->body.empty()) co_return Refuse{400, Why::websocket_body, {}};
  if (!websocket::origin_allowed(request, offer.route->origins)) co_return Refuse{403, Why::origin_not_allowed, {}};

  std::string_view subprotocol;
  for (const std::string& offered : handshake->subprotocols) {
    subprotocol = app->choose_subprotocol(offered);
    if (!subprotocol.empty()) break;
  }
  Accept accepted;
  accepted.token = token();
  accepted.upgrade = token();
  accepted.kind = Switched::websocket;
  websocket::add_answer_fields(*handshake, subprotocol, accepted.fields);
  accepted.fields.remove("upgrade");  // whoever writes the answer adds it
  websocket::EngineOptions options;
  options.message_bytes_max = session.limits().message_bytes_max;
  options.fragments_max = session.limits().fragments_max;
  options.deflate = handshake->deflate;
  options.compression_level = compression_.level;
  accepted.successor = std::make_unique<WebSocket>(*app, options);
  co_return accepted;
}

}  // namespace turnout
