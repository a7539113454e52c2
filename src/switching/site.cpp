#include "switching/site.h"

#include "base/ascii.h"

namespace turnout {

bool Route::allows(std::string_view token) const noexcept {
  for (const std::string& allowed : switch_tokens) {
    if (iequals(allowed, token)) return true;
  }
  return false;
}

}  // namespace turnout
