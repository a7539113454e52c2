// TokenBucket: so many at once, and so many a second after that.
//
//   TokenBucket resets(limits.resets_burst, limits.resets_per_second, worker.now_ms());
//   if (!resets.take(worker.now_ms())) ...        // a flood
#pragma once

#include <algorithm>
#include <cstdint>

namespace turnout {

class TokenBucket {
 public:
  TokenBucket(std::uint32_t burst, std::uint32_t per_second, std::uint64_t now_ms) noexcept
      : full_(burst * std::uint64_t{1000}), left_(full_), per_ms_(per_second), last_ms_(now_ms) {}

  /// False where nothing is left.
  bool take(std::uint64_t now_ms) noexcept {
    // Counted in thousandths: a rate of n each second is n thousandths each millisecond.
    const std::uint64_t passed_ms = std::min(now_ms - last_ms_, std::uint64_t{1} << 30);
    last_ms_ = now_ms;
    left_ = std::min(full_, left_ + passed_ms * per_ms_);
    if (left_ < 1000) return false;
    left_ -= 1000;
    return true;
  }

 private:
  std::uint64_t full_;
  std::uint64_t left_;
  std::uint64_t per_ms_;
  std::uint64_t last_ms_;
};

}  // namespace turnout
