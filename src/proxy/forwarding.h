// Forwarding: what of a message goes on to the next hop, and what the proxy says of itself in it (RFC 9110
// section 7.6). Pure functions.
//
//   RequestHead onward = forward_request(exchange.request(), {.client = peer, ...}, rules);
//   ResponseHead back = forward_response(answer.head, rules);
//
// Fields of one hop end here, whatever they are called: those that HTTP knows, and those that Connection names. What
// the proxy adds is added afterwards, so that no client can have it removed (law L5, U8).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "codec/http/message.h"

namespace turnout {

struct ForwardRules {
  enum class Host : std::uint8_t { keep, upstream, fixed };
  using Fields = std::vector<std::pair<std::string, std::string>>;

  Host host = Host::keep;
  std::string fixed_host;
  std::string strip_prefix;  // "/app": /app/a becomes /a
  Fields set;                // of the request; after the proxy's own
  std::vector<std::string> remove;
  Fields set_response;
  std::vector<std::string> remove_response;
};

/// Where the request came from and where it goes.
struct ForwardHop {
  Address client;                  // the peer of the connection
  bool client_is_trusted = false;  // a proxy whose word about those before it counts
  std::string upstream_authority;  // of the server: host, and port where it is not the scheme's
};

/// Without fields of one hop; with Via, Forwarded and X-Forwarded-*. `target` has lost the prefix.
RequestHead forward_request(const RequestHead& request, const ForwardHop& hop, const ForwardRules& rules);

/// Without fields of one hop. Of Upgrade (in a 426, say) only what is between two neighbours is left out: h2c, HTTP,
/// TLS.
ResponseHead forward_response(const ResponseHead& response, const ForwardRules& rules);

}  // namespace turnout
