// Switch translation: the same wish and the same acceptance in the words of HTTP/1.1 (Upgrade, RFC 9110 section 7.8,
// RFC 6455) and of HTTP/2 (extended CONNECT, RFC 8441). Pure functions.
//
//   SwitchRequest asked = switch_request(forwarded, "websocket", HttpVersion::http11);
//   ... send asked.head, get an answer ...
//   if (Why why = check_switch_answer(answer, asked); why != Why::none) ...        // 502, both sides closed (law L3)
//   FieldList fields = switch_answer_fields(answer, asked, client_head);           // of the 101 or 200 to the client
#pragma once

#include <string>
#include <string_view>

#include "base/why.h"
#include "codec/http/message.h"

namespace turnout {

struct SwitchRequest {
  RequestHead head;                           // towards the upstream
  std::string token;                          // as the route lists it
  HttpVersion version = HttpVersion::http11;  // of the upstream
  std::string key;                            // Sec-WebSocket-Key in it; empty where there is none
};

/// `forwarded`: the client's request without its fields of one hop (forward_request). To HTTP/1.1 it becomes an
/// Upgrade, with a key of our own where the client's version of HTTP has none; to HTTP/2 an extended CONNECT.
SwitchRequest switch_request(RequestHead forwarded, std::string_view token, HttpVersion upstream);

/// True where the answer means to switch: 101 in HTTP/1.1, 2xx in HTTP/2.
bool is_switch_answer(int status, HttpVersion upstream) noexcept;

/// Law L3, for an answer that switches: Why::none where it is what was asked for, and nothing else.
Why check_switch_answer(const ResponseHead& answer, const SwitchRequest& asked);

/// The fields of the acceptance that go to a client that asked with `client`: those of one hop are left out and those
/// of its own version of HTTP are made anew; Upgrade and Connection are for the protocol that writes it.
FieldList switch_answer_fields(const ResponseHead& forwarded, const SwitchRequest& asked, const RequestHead& client);

}  // namespace turnout
