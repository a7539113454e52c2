// Pump: writes beside the reading, so that a server that answers while it is still being sent to never waits for a
// client that waits for it.
//
//   Pump pump(wire, [&] { return next_piece(); });      // a view that lives until the next call; empty: nothing now
//   pump.start();                                        // whenever there may be something again
//   ... read ...
//   co_await pump.stop();                                // before the wire moves or goes away
#pragma once

#include <functional>

#include "runtime/task_group.h"
#include "transport/wire.h"

namespace turnout::client {

class Pump {
 public:
  using Next = std::function<Bytes()>;
  Pump(Wire& wire, Next next) : wire_(wire), next_(std::move(next)) {}

  void start() {
    if (!is_running() && code_ == Code::ok) tasks_.spawn(run(*this));
  }
  bool is_running() const noexcept { return tasks_.running() != 0; }
  /// Why it stopped before everything was written.
  Code code() const noexcept { return code_; }

  /// Waits until everything that there is has been written, or cannot be.
  TaskGroup::Join join() noexcept { return tasks_.join(); }
  /// Gives up what has not been written.
  Task<void> stop() {
    if (is_running()) wire_.stream().interrupt(Side::write, Code::cancelled);
    co_await tasks_.join();
  }

 private:
  static Task<void> run(Pump& pump) {
    while (true) {
      const Bytes piece = pump.next_();
      if (piece.empty()) co_return;
      const Result<void> written = co_await pump.wire_.write(piece);
      if (!written) {
        pump.code_ = written.error().code;
        co_return;
      }
    }
  }

  Wire& wire_;
  Next next_;
  TaskGroup tasks_;
  Code code_ = Code::ok;
};

}  // namespace turnout::client
