// OriginPolicy: which pages may open a WebSocket (attack class W1). A request without Origin does not come from a page,
// and is always allowed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace turnout {

struct OriginPolicy {
  enum class Kind : std::uint8_t { same, listed, any };
  Kind kind = Kind::same;
  // As browsers write them: "https://example.com:8443", lower case, without a default port; or "null".
  std::vector<std::string> listed;
};

}  // namespace turnout
