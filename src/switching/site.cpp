#include "switching/site.h"

#include "base/ascii.h"

namespace turnout {

const char* Route::find_token(std::string_view token) const noexcept {
  for (const std::string& listed : switch_tokens) {
    if (iequals(listed, token)) return listed.c_str();
  }
  return nullptr;
}

}  // namespace turnout
