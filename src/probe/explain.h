// explain: what is known about a cause, a status or a close code, in the context of switching.
//
//   turnout explain P06 | hop-headers-stripped | 426 | 1006
#pragma once

#include <string>

namespace turnout::probe {

/// The exit code: 2 where nothing is known by that name. An empty name lists all.
int run_explain(const std::string& name, bool json);

}  // namespace turnout::probe
