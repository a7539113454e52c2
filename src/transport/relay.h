// Relay: passes bytes between two wires, in both directions, until both have ended or it is told to stop.
//
//   Relay relay(client, upstream, observer);
//   const RelayEnd end = co_await relay;
//
// It is a state machine and not a pair of coroutines, because there may be very many of them: waiting, a direction
// holds no buffer and no frame. It never reads more than it has written (backpressure), and each direction ends on its
// own: the end of one side is passed on as an end, while the other direction goes on. Once both have ended, the wires
// are to be destroyed: the second end may be said by that alone.
//
// Bytes are copied, except where much comes at once and little of it has to be seen: the kernel moves that (splice).
#pragma once

#include <coroutine>
#include <cstdint>

#include "transport/wire.h"

namespace turnout {

struct RelayEnd {
  enum class Kind : std::uint8_t { done, stopped, broken } kind = Kind::done;
  bool at_first = false;  // broken: the first of the two wires was, else the second
  Code code = Code::ok;   // broken: how; stopped: why
};

class Relay {
 public:
  /// What is unread of one direction while it waits for the other side to take it, in bytes.
  static constexpr std::size_t held_bytes_max = 64 * 1024;
  /// Less than this at once is cheaper to copy, in bytes.
  static constexpr std::size_t moved_bytes_min = 16 * 1024;

  /// What has to be seen of the bytes of a direction: only the latter two may be moved.
  enum class Interest : std::uint8_t { all, few, none };

  class Observer {
   public:
    virtual Interest interest(bool forth) const noexcept = 0;
    /// `bytes` were taken by the far side; `forth`: from the first to the second.
    virtual void passed(bool forth, Bytes bytes) noexcept = 0;
    /// The same for bytes that were moved; `look` is empty where there is no interest in them.
    virtual void moved(bool forth, SplicePipe::Look& look) noexcept = 0;
    /// One side has ended, and that was passed on.
    virtual void half_closed(bool forth) noexcept = 0;
    /// Something interrupted the reading of a side. True: the relay stops.
    virtual bool interrupted(bool forth, Code why) noexcept = 0;

   protected:
    ~Observer() = default;
  };

  Relay(Wire& first, Wire& second, Observer& observer) noexcept;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  /// From outside, a timer say: co_await ends with `stopped`.
  void stop(Code why) noexcept;

  bool await_ready() noexcept;
  void await_suspend(std::coroutine_handle<> caller) noexcept { caller_ = caller; }
  RelayEnd await_resume() const noexcept { return end_; }

 private:
  /// Goes on: there is something to read, or room to write.
  struct Ready : Waiter {
    Ready() noexcept;
  };
  /// Notices that the source breaks, or is interrupted, while its bytes wait for the sink or it has ended: nobody reads
  /// from it then.
  struct Watch : Waiter {
    Watch() noexcept;
  };
  struct Direction : Ready, Watch {
    Direction(Relay& owner, Stream& source, bool is_forth) noexcept : relay(owner), from(source), forth(is_forth) {}
    Stream& to() const noexcept { return forth ? relay.back_.from : relay.forth_.from; }
    Waiter& ready() noexcept { return static_cast<Ready&>(*this); }
    Waiter& watch() noexcept { return static_cast<Watch&>(*this); }
    Relay& relay;
    Stream& from;
    bool forth;
    bool ended = false;   // the source has nothing more
    bool closed = false;  // and the sink knows
    bool much = false;    // the last read got all that it could
    bool copied = false;  // these streams cannot be spliced
  };

  void run(Direction& direction) noexcept;
  void advance(Direction& direction) noexcept;
  Io move(Direction& direction, Interest interest) noexcept;
  void wait_for_sink(Direction& direction) noexcept;
  void look_at_source(Direction& direction) noexcept;
  void take_back_waiters() noexcept;
  void finish(RelayEnd end) noexcept;
  void broke(const Direction& direction, bool at_source, Code code) noexcept;

  Direction forth_;
  Direction back_;
  Observer& observer_;
  std::coroutine_handle<> caller_;
  RelayEnd end_;
  bool over_ = false;
};

}  // namespace turnout
