// The strict parser for response heads, for the client's side: as hard on what comes from a server as the request
// parser is on clients (class S11).
//
//   HeadScanner scanner(HeadScanner::Kind::response);
//   ... as in head_scanner.h, then
//   auto response = parse_response(head, limits, "GET");
//   if (response->interim()) ...                         // 1xx but 101: the final one is still to come
//   if (response->switches) ...                          // no HTTP/1.1 any more behind this head
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "codec/http/message.h"
#include "codec/http1/framing.h"
#include "codec/http1/head_error.h"
#include "codec/http1/head_scanner.h"

namespace turnout {

struct ParsedResponse {
  ResponseHead head;  // with all fields as they came
  HttpVersion version = HttpVersion::http11;
  Framing framing;
  bool keep_alive = true;  // another request may follow on this connection once the body is read
  bool switches = false;   // 101, or a 2xx to CONNECT; whether it was asked for is for the caller to check (law L3)
  std::size_t head_bytes = 0;

  bool interim() const noexcept { return head.status < 200 && head.status != 101; }
};

/// `bytes` is one whole head with its final empty line. `request_method` is that of the request it answers: the body
/// depends on it (RFC 9112 section 6.3). Of an error only `why` and `what` have a meaning here.
std::expected<ParsedResponse, HeadError> parse_response(Bytes bytes, const Limits& limits,
                                                        std::string_view request_method);

}  // namespace turnout
