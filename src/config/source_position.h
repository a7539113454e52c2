// SourcePosition: where in a configuration something was written.
#pragma once

#include <cstdint>

namespace turnout {

/// Both count from 1; 0 where there is no place in a file to name.
struct SourcePosition {
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

}  // namespace turnout
