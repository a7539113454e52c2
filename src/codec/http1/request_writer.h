// Writes the head of a request of HTTP/1.1, for the client's side. The same rules as for responses, and one more: a
// method, target or authority that could split the request line refuses the whole head.
//
//   RequestHead head;
//   head.method = "GET", head.target = "/", head.authority = "example.com";
//   bool sent_all = append_request_head(out, head, {.connection = "close"});
//
// Host comes first and from `authority`. Host, Connection, Content-Length and Transfer-Encoding in the list are
// skipped.
#pragma once

#include <cstddef>

#include "base/pool.h"
#include "codec/http/message.h"
#include "codec/http1/head_writer.h"

namespace turnout {

/// bytes = 0 where the request line cannot be sent; `out` is as it was then.
WrittenHead append_request_head(PooledString& out, const RequestHead& head, const HeadTail& tail);

}  // namespace turnout
