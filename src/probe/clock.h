// Clock: how long something took, in milliseconds with their fractions.
//
//   const Clock clock;
//   ...
//   attempt.connect_ms = clock.ms();
#pragma once

#include <chrono>

namespace turnout::probe {

class Clock {
 public:
  double ms() const noexcept {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace turnout::probe
