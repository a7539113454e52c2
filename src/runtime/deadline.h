// Deadline: until when several steps together have to be done.
//
//   const Deadline deadline(worker, Millis(5'000));
//   co_await resolve(name, deadline.left());
//   co_await connect(address, deadline.left());         // what the first step left
#pragma once

#include "runtime/worker.h"

namespace turnout {

class Deadline {
 public:
  Deadline(const Worker& worker, Millis limit) noexcept
      : worker_(&worker), at_ms_(worker.now_ms() + static_cast<std::uint64_t>(limit.count())) {}

  Millis left() const noexcept {
    const std::uint64_t now_ms = worker_->now_ms();
    return Millis(at_ms_ > now_ms ? at_ms_ - now_ms : 0);
  }
  bool is_over() const noexcept { return left() == Millis(0); }

 private:
  const Worker* worker_;
  std::uint64_t at_ms_;
};

}  // namespace turnout
