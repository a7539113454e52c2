// Cancellation: somebody no longer wants what others are still at. It ends what waits now and what would wait later.
//
//   Cancellation cancellation;                              // belongs to who asks, and outlives what he asked for
//   group.spawn(connect(loop, address, limit, &cancellation));
//   cancellation.cancel();                                  // the connect ends with `cancelled`, in the next turn
//
// Whoever can be cancelled keeps a hook while it waits. A hook only wakes: it runs nothing that could destroy others.
#pragma once

namespace turnout {

class Cancellation {
 public:
  class Hook {
   public:
    using Fire = void (*)(void* target) noexcept;

    /// Fires at once where it was cancelled before; never where there is no cancellation.
    Hook(Cancellation* cancellation, void* target, Fire fire) noexcept : target_(target), fire_(fire) {
      if (cancellation == nullptr) return;
      if (cancellation->cancelled_) {
        fire_(target_);
        return;
      }
      next_ = cancellation->first_;
      if (next_ != nullptr) next_->link_ = &next_;
      link_ = &cancellation->first_;
      cancellation->first_ = this;
    }
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;
    ~Hook() { unlink(); }

   private:
    friend class Cancellation;
    void unlink() noexcept {
      if (link_ == nullptr) return;
      *link_ = next_;
      if (next_ != nullptr) next_->link_ = link_;
      link_ = nullptr;
    }

    void* target_;
    Fire fire_;
    Hook* next_ = nullptr;
    Hook** link_ = nullptr;  // what points to this hook; nullptr: it is in no list
  };

  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  bool is_cancelled() const noexcept { return cancelled_; }

  void cancel() noexcept {
    cancelled_ = true;
    while (first_ != nullptr) {
      Hook& hook = *first_;
      hook.unlink();
      hook.fire_(hook.target_);
    }
  }

 private:
  Hook* first_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace turnout
