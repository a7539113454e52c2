#include "transport/relay.h"

#include <algorithm>

namespace turnout {

Relay::Ready::Ready() noexcept
    : Waiter([](Waiter& waiter) noexcept {
        auto& direction = static_cast<Direction&>(static_cast<Ready&>(waiter));
        direction.relay.advance(direction);
      }) {}

Relay::Watch::Watch() noexcept
    : Waiter([](Waiter& waiter) noexcept {
        auto& direction = static_cast<Direction&>(static_cast<Watch&>(waiter));
        direction.relay.look_at_source(direction);
      }) {}

Relay::Relay(Wire& first, Wire& second, Observer& observer) noexcept
    : forth_(*this, first.stream(), true), back_(*this, second.stream(), false), observer_(observer) {}

Relay::~Relay() {
  take_back_waiters();
}

void Relay::take_back_waiters() noexcept {
  for (Direction* direction : {&forth_, &back_}) {
    direction->from.worker().unpost(direction->ready());
    direction->from.worker().unpost(direction->watch());
    direction->from.wait(Side::read, nullptr);
    direction->to().wait(Side::write, nullptr);
  }
}

void Relay::wait_for_sink(Direction& direction) noexcept {
  direction.to().wait(Side::write, &direction.ready());
  if (!direction.from.is_broken()) {
    direction.from.wait(Side::read, &direction.watch());
  } else {
    direction.from.worker().post(direction.watch());
  }
}

void Relay::look_at_source(Direction& direction) noexcept {
  if (over_) return;
  if (const Code why = direction.from.take_interrupt(Side::read); why != Code::ok) {
    if (observer_.interrupted(direction.forth, why)) {
      finish({RelayEnd::Kind::stopped, false, why});
      if (caller_) std::exchange(caller_, {}).resume();
      return;
    }
  }
  if (!direction.from.is_broken()) {
    // More has come, which is not read before what there is was taken.
    if (!direction.from.is_waiting(Side::read)) direction.from.wait(Side::read, &direction.watch());
    return;
  }
  broke(direction, true, Code::reset);
  if (caller_) std::exchange(caller_, {}).resume();
}

bool Relay::await_ready() noexcept {
  run(forth_);
  if (!over_) run(back_);
  return over_;
}

void Relay::stop(Code why) noexcept {
  finish({RelayEnd::Kind::stopped, false, why});
  // In a turn of its own: who calls may go away with whoever waits for the relay.
  if (caller_) forth_.from.worker().post(forth_.ready());
}

void Relay::finish(RelayEnd end) noexcept {
  if (std::exchange(over_, true)) return;
  end_ = end;
  take_back_waiters();  // nobody goes on behind the end
}

void Relay::broke(const Direction& direction, bool at_source, Code code) noexcept {
  finish({RelayEnd::Kind::broken, direction.forth == at_source, code});
}

void Relay::advance(Direction& direction) noexcept {
  run(direction);
  if (over_ && caller_) std::exchange(caller_, {}).resume();
}

void Relay::run(Direction& direction) noexcept {
  Stream& from = direction.from;
  Stream& to = direction.to();
  ReadAhead& ahead = from.ahead();
  while (!over_ && !direction.closed) {
    if (const Bytes unread = ahead.peek(); !unread.empty()) {
      if (const Code why = to.take_interrupt(Side::write); why != Code::ok) {
        if (observer_.interrupted(!direction.forth, why)) finish({RelayEnd::Kind::stopped, false, why});
        continue;
      }
      const Io io = to.try_write(unread);
      if (io.code == Code::would_block) {
        ahead.pin();
        wait_for_sink(direction);
        return;
      }
      if (io.code != Code::ok) return broke(direction, false, io.code);
      to.count_written(io.n);
      observer_.passed(direction.forth, unread.first(io.n));
      ahead.consume(io.n);
      continue;
    }
    if (direction.ended) {
      const bool is_last = forth_.closed || back_.closed;
      const Code code = is_last ? to.try_close_write_last() : to.try_close_write();
      if (code == Code::would_block) {
        to.wait(Side::write, &direction.ready());
        return;
      }
      if (code != Code::ok) return broke(direction, false, code);
      direction.closed = true;
      const bool both = forth_.closed && back_.closed;
      if (both) return finish({RelayEnd::Kind::done, false, Code::ok});
      observer_.half_closed(direction.forth);
      if (!over_) from.wait(Side::read, &direction.watch());
      return;
    }
    if (const Code why = from.take_interrupt(Side::read); why != Code::ok) {
      if (observer_.interrupted(direction.forth, why)) finish({RelayEnd::Kind::stopped, false, why});
      continue;
    }
    if (from.worker().turn_budget == 0) {
      // There is more, but others are waiting too (D7).
      from.worker().post(direction.ready());
      return;
    }
    Interest interest = Interest::all;
    if (direction.much && !direction.copied) interest = observer_.interest(direction.forth);
    const bool moves = interest != Interest::all;
    const Io io = moves ? move(direction, interest) : Wire::try_fill(from, held_bytes_max);
    if (moves && io.code == Code::unsupported) {
      direction.copied = true;
      continue;
    }
    if (moves && (io.code == Code::would_block || (io.code == Code::ok && io.n == 0))) {
      // Nothing more, the end, or TCP's urgent data, before which splice stops: recv tells which.
      direction.much = false;
      continue;
    }
    if (io.code == Code::would_block) {
      from.wait(Side::read, &direction.ready());
      return;
    }
    if (io.code != Code::ok) return broke(direction, true, io.code);
    direction.ended = io.n == 0;
    // A pipe has slots, not bytes: it may be full with less.
    direction.much = io.n >= (moves ? moved_bytes_min : held_bytes_max);
  }
}

Io Relay::move(Direction& direction, Interest interest) noexcept {
  Stream& to = direction.to();
  Worker& worker = to.worker();
  SplicePipe& pipe = worker.splice_pipe();
  if (!pipe.open()) return {0, Code::unsupported};
  const Io in = direction.from.try_splice_in(pipe, held_bytes_max);
  if (in.code != Code::ok || in.n == 0) return in;
  direction.from.count_read(in.n);
  worker.turn_budget -= std::min(worker.turn_budget, in.n / 2);  // costs half of what copying does

  std::size_t left = in.n;
  bool can_go = interest == Interest::none || pipe.keep_a_look(in.n);
  if (!can_go) direction.copied = true;
  while (left != 0 && can_go) {
    const Io out = to.try_splice_out(pipe, left);
    can_go = out.code == Code::ok;
    if (out.code == Code::unsupported) direction.copied = true;
    to.count_written(out.n);
    left -= out.n;
  }
  if (left != 0) {
    // Others need the pipe: what the sink does not take now waits with us, like everything that was read. If the sink
    // is broken, the next write says so.
    ReadAhead& ahead = direction.from.ahead();
    if (!pipe.empty_into(ahead.room().first(left))) return {0, Code::internal};
    ahead.add(left);
  }
  if (left == in.n) return in;
  SplicePipe::Look look(pipe, interest == Interest::none ? 0 : in.n - left, std::as_writable_bytes(worker.scratch()));
  observer_.moved(direction.forth, look);
  return in;
}

}  // namespace turnout
