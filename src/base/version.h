// The version of Turnout, as `turnout version` and the head of the access log give it: "0.1.0".
#pragma once

#include <string_view>

namespace turnout {

std::string_view version() noexcept;

}  // namespace turnout
