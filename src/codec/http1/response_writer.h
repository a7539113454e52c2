// Writes the head of a response of HTTP/1.1. The one place where a head becomes bytes, so that no value from elsewhere
// can split it: what holds CR, LF or NUL is left out and reported.
//
//   ResponseHead head(200);
//   head.fields.add("Content-Type", "text/plain");
//   append_response_head(out, head, {.date = clock.http_date(), .content_length = 3});
//
// Connection, Content-Length and Transfer-Encoding in the list are skipped: HeadTail decides those. A Date in the list
// stands, and the one of HeadTail is not written then.
#pragma once

#include <cstddef>
#include <span>

#include "base/pool.h"
#include "codec/http/message.h"
#include "codec/http1/head_writer.h"

namespace turnout {

/// False where something was left out.
bool append_response_head(PooledString& out, const ResponseHead& head, const HeadTail& tail);

/// The same at the start of `out`. Writes nothing (bytes = 0) where `out` is smaller than response_head_bytes_max().
WrittenHead write_response_head(std::span<char> out, const ResponseHead& head, const HeadTail& tail) noexcept;

std::size_t response_head_bytes_max(const ResponseHead& head, const HeadTail& tail) noexcept;

}  // namespace turnout
