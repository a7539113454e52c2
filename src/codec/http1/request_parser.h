// The strict parser for request heads of HTTP/1.1 and HTTP/1.0 (RFC 9112). A pure function: bytes in, a value out.
//
// Whatever two servers could read differently is refused: see docs/security.md, classes S1 to S15.
//
//   auto request = parse_request(as_bytes("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), Limits{}, false);
//   if (!request) return answer(request.error().status, request.error().what);
//   request->head.method, request->framing.kind ...
//
// HeadScanner finds where a head ends while it arrives.
#pragma once

#include <cstddef>
#include <expected>

#include "base/bytes.h"
#include "base/limits.h"
#include "codec/http/message.h"
#include "codec/http1/framing.h"
#include "codec/http1/head_error.h"
#include "codec/http1/head_scanner.h"

namespace turnout {

struct ParsedRequest {
  RequestHead head;  // owns all its text
  Framing framing;
  bool keep_alive = true;        // what the client wants; RFC 9112 section 9.3
  bool expect_continue = false;  // Expect: 100-continue, in HTTP/1.1
  std::size_t head_bytes = 0;    // with the empty line at the end, and one before the request line if there was one
};

/// `head` is one whole head with its final empty line, as HeadScanner found it. `secure` says that it came over TLS.
/// Statuses: 400, 413, 414, 417, 421, 431, 501, 505.
std::expected<ParsedRequest, HeadError> parse_request(Bytes head, const Limits& limits, bool secure);

}  // namespace turnout
