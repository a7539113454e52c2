// The text forms of the access log. Here because the configuration names one and observe/ writes them.
#pragma once

#include <cstdint>

namespace turnout {

enum class LogFormat : std::uint8_t { w3c, json };

}  // namespace turnout
