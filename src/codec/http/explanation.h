// The content of an answer that refuses: its status and a sentence, for a person who looks at it.
//
//   explanation(403, "This is not for this client.");      // "403 Forbidden\n\nThis is not for this client.\n"
#pragma once

#include <string_view>

#include "base/pool.h"

namespace turnout {

/// Nothing in the sentence is from the client.
PooledString explanation(int status, std::string_view sentence);

}  // namespace turnout
