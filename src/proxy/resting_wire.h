// RestingWire: a connection to a server that nobody uses now. It is watched: whatever comes is no answer to anything,
// so one that says something, or ends, is of no use any more.
//
//   class Idle final : public RestingWire {
//     void on_end() noexcept override { pool_.drop(*this); }      // may destroy it
//     void on_time() noexcept override { pool_.drop(*this); }
//   };
//   if (idle->wait()) keep(std::move(idle));
//   ...
//   Wire wire = idle->take();                                     // the last that it is asked for
#pragma once

#include <optional>
#include <utility>

#include "transport/wire.h"

namespace turnout {

class RestingWire : public Pooled {
 public:
  RestingWire(const RestingWire&) = delete;
  RestingWire& operator=(const RestingWire&) = delete;
  virtual ~RestingWire() {
    if (wire_) rest();
  }

  /// False where the connection is of no use any more.
  bool wait() noexcept {
    if (Wire::try_fill(wire_->stream()).code != Code::would_block) return false;
    wire_->stream().wait(Side::read, &reader_);
    return true;
  }

  Wire take() noexcept {
    rest();
    Wire wire = std::move(*wire_);
    wire_.reset();
    return wire;
  }

 protected:
  RestingWire(Wire wire, Millis time) : wire_(std::move(wire)), reader_(*this), limit_(*this) {
    wire_->expires_never();
    wire_->stream().stay_for_long();
    wire_->worker().set_timer(limit_, time);
  }
  bool is_over_time() const noexcept { return !limit_.is_set(); }

 private:
  struct Reader : Waiter {
    explicit Reader(RestingWire& owner) noexcept
        : Waiter([](Waiter& waiter) noexcept {
            RestingWire& one = static_cast<Reader&>(waiter).resting;
            if (!one.wait()) one.on_end();
          }),
          resting(owner) {}
    RestingWire& resting;
  };
  struct Limit : Timer {
    explicit Limit(RestingWire& owner) noexcept
        : Timer([](Timer& timer) noexcept { static_cast<Limit&>(timer).resting.on_time(); }), resting(owner) {}
    RestingWire& resting;
  };

  virtual void on_end() noexcept = 0;
  virtual void on_time() noexcept = 0;

  void rest() noexcept {
    wire_->stream().wait(Side::read, nullptr);
    wire_->worker().unpost(reader_);
  }

  std::optional<Wire> wire_;
  Reader reader_;
  Limit limit_;
};

}  // namespace turnout
