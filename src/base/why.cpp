#include "base/why.h"

#include <array>
#include <cstddef>

namespace turnout {
namespace {

constexpr std::array names{
#define X(id, name, sentence) std::string_view(name),
    TURNOUT_WHY_LIST(X)
#undef X
};

constexpr std::array sentences{
#define X(id, name, sentence) std::string_view(sentence),
    TURNOUT_WHY_LIST(X)
#undef X
};

}  // namespace

std::string_view text(Why why) noexcept {
  return names[static_cast<std::size_t>(why)];
}

std::string_view sentence(Why why) noexcept {
  return sentences[static_cast<std::size_t>(why)];
}

}  // namespace turnout
