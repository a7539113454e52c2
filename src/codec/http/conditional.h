// Conditional requests (RFC 9110 section 13): whether what the client asks for is still what it thinks it is.
//
//   const Validators now{etag, modified};
//   switch (evaluate_preconditions(request, now, clock)) {
//     case Precondition::holds: ...            // answer as if there were none
//     case Precondition::not_modified: ...     // 304
//     case Precondition::failed: ...           // 412
//   }
//   if (request.fields.has("range") && if_range_holds(request, now, clock)) ...
//
// A field that cannot be understood never makes an answer wrong: a date that is none is ignored, and a tag that is
// none matches nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "codec/http/message.h"

namespace turnout {

/// Of the representation that would be sent.
struct Validators {
  std::string_view entity_tag;  // with its quotes; W/ in front where it is weak
  std::chrono::sys_seconds last_modified;
};

enum class Precondition : std::uint8_t { holds, not_modified, failed };

/// In the order of RFC 9110 section 13.2.2, without If-Range.
Precondition evaluate_preconditions(const RequestHead& request, const Validators& current,
                                    std::chrono::sys_seconds now) noexcept;

/// False: Range is to be ignored, because the client has parts of something else (RFC 9110 section 13.1.5).
bool if_range_holds(const RequestHead& request, const Validators& current, std::chrono::sys_seconds now) noexcept;

}  // namespace turnout
