#include "runtime/worker.h"

namespace turnout {

void Worker::post(Waiter& waiter) noexcept {
  if (waiter.is_posted()) return;
  waiter.next = nullptr;
  if (last_ != nullptr) {
    last_->next = &waiter;
  } else {
    first_ = &waiter;
  }
  last_ = &waiter;
}

void Worker::unpost(Waiter& waiter) noexcept {
  if (!waiter.is_posted()) return;
  Waiter* before = nullptr;
  for (Waiter* at = first_; at != nullptr; before = at, at = at->next) {
    if (at != &waiter) continue;
    (before != nullptr ? before->next : first_) = waiter.next;
    if (last_ == &waiter) last_ = before;
    break;
  }
  waiter.next = &waiter;
}

void Worker::run_ready() noexcept {
  // A mark at the end of what is queued now: a waiter that posts itself again waits for the next turn, and one
  // that is unposted meanwhile is simply no longer met.
  Waiter mark([](Waiter&) noexcept {});
  post(mark);
  while (first_ != nullptr) {
    Waiter& waiter = *first_;
    first_ = waiter.next;
    if (first_ == nullptr) last_ = nullptr;
    waiter.next = &waiter;
    if (&waiter == &mark) return;
    begin_turn();
    waiter.fire(waiter);
  }
}

bool Worker::is_shared(const std::byte* data) const noexcept {
  const auto* text = reinterpret_cast<const char*>(data);
  return (text >= scratch_.data() && text < scratch_.data() + scratch_.size()) || holds(data);
}

Task<void> Worker::stop_locals() {
  // Those who stop one after the other would wait for the sum of their times.
  TaskGroup stopping;
  for (const auto& [owner, kept] : locals_) stopping.spawn(kept->stop());
  co_await stopping.join();
  locals_.clear();
}

}  // namespace turnout
