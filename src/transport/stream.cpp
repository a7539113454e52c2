#include "transport/stream.h"

namespace turnout {

Stream::Stream(Worker& worker, std::uint8_t layer) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Stream&>(timer).interrupt(Code::timed_out); }),
      ahead_(worker, layer) {}

void Stream::attach(StreamMeter* meter) noexcept {
  if (meter_ != nullptr) meter_->stream = nullptr;
  meter_ = meter;
  if (meter_ == nullptr) return;
  if (meter_->stream != nullptr) meter_->stream->meter_ = nullptr;
  meter_->stream = this;
}

Io Stream::try_send_file(int /*descriptor*/, std::uint64_t /*offset*/, std::size_t /*size*/) noexcept {
  return {0, Code::unsupported};
}

Io Stream::try_splice_in(SplicePipe& /*pipe*/, std::size_t /*size*/) noexcept {
  return {0, Code::unsupported};
}

Io Stream::try_splice_out(SplicePipe& /*pipe*/, std::size_t /*size*/) noexcept {
  return {0, Code::unsupported};
}

void Stream::interrupt(Code why) noexcept {
  bool pending = false;
  for (const Side side : {Side::read, Side::write}) {
    if (!is_waiting(side)) continue;
    interrupt(side, why);
    pending = true;
  }
  if (!pending) interrupted_any_ = why;
}

void Stream::interrupt(Side side, Code why) noexcept {
  interrupted_[index(side)] = why;
  wake_later(side);
}

Code Stream::take_interrupt(Side side) noexcept {
  if (interrupted_[index(side)] != Code::ok) return std::exchange(interrupted_[index(side)], Code::ok);
  return std::exchange(interrupted_any_, Code::ok);
}

void Stream::expires_after(Millis duration) noexcept {
  duration_ms_ = static_cast<std::uint32_t>(duration.count());
  worker().set_timer(*this, duration);
}

void Stream::expires_never() noexcept {
  worker().wheel().clear(*this);
}

void Stream::renew_deadline() noexcept {
  if (is_set()) worker().set_timer(*this, Millis(duration_ms_));
}

void Stream::wake_later(Side side) noexcept {
  // The waiter leaves its slot now: between here and its turn nothing else may wake it a second time.
  if (Waiter* waiter = take_waiter(side); waiter != nullptr) worker().post(*waiter);
}

}  // namespace turnout
