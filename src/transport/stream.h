// Stream: a full-duplex byte stream - TCP, TLS over another stream, one HTTP/2 stream, a pipe in memory.
//
// A stream is asked to *try*. Where it cannot go on it answers would_block, and whoever asked leaves a waiter in the
// slot of that side, one for each side. A waiter that is fired tries again. No operation holds a buffer while it waits.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/pool.h"
#include "runtime/worker.h"

namespace turnout {

enum class Side : std::uint8_t { read = 0, write = 1 };

struct Io {
  std::size_t n = 0;     // bytes; for a read that is ok, 0 is the clean end
  Code code = Code::ok;  // would_block: the waiter of that side will be fired
};

class Stream;

/// What passed over the streams of one connection, and the one that it is on now. Outlives them.
struct StreamMeter {
  Stream* stream = nullptr;  // empties itself when the stream goes away
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
};

class Stream : public Pooled, private Timer {
 public:
  /// `layer`: 0 for what reads from the system, else one more than the layer of the stream below.
  Stream(Worker& worker, std::uint8_t layer) noexcept;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() { attach(nullptr); }

  virtual Io try_read(MutableBytes into) noexcept = 0;
  virtual Io try_write(Bytes from) noexcept = 0;  // may take a part
  /// The next write is followed by another one right away, and may wait for it to go out in the same packet.
  virtual void more_follows() noexcept {}
  /// It may be silent for long from now on, however often that is said.
  virtual void stay_for_long() noexcept {}
  /// Ends our side: FIN; close_notify and FIN; END_STREAM. May answer would_block.
  virtual Code try_close_write() noexcept = 0;
  /// The same where the other side has ended and the stream is destroyed right after, which may say it already.
  virtual Code try_close_write_last() noexcept { return try_close_write(); }
  /// Sends a part of a file; unsupported where that saves nothing over reading and writing it.
  virtual Io try_send_file(int descriptor, std::uint64_t offset, std::size_t size) noexcept;
  /// try_read() and try_write() whose bytes stay in the kernel: from here into the pipe, and from the pipe to here,
  /// where `size` is what lies in it. unsupported where bytes are changed on their way. Nothing or would_block from the
  /// first: only try_read() can tell what that means.
  virtual Io try_splice_in(SplicePipe& pipe, std::size_t size) noexcept;
  virtual Io try_splice_out(SplicePipe& pipe, std::size_t size) noexcept;
  /// Breaks the connection off: RST, RST_STREAM. Pending operations end with `reset`.
  virtual void abort() noexcept = 0;
  /// True where it is known that nothing can be read or written any more, without trying.
  virtual bool is_broken() const noexcept = 0;
  /// What it is, from the bottom up: "tcp", "tcp/tls", "tcp/tls/h2".
  virtual std::string_view name() const noexcept = 0;

  Worker& worker() const noexcept { return static_cast<Worker&>(ahead_.buffers()); }

  /// Counts here from now on; nullptr counts nowhere.
  void attach(StreamMeter* meter) noexcept;
  void count_read(std::size_t n) noexcept {
    if (meter_ != nullptr) meter_->bytes_read += n;
  }
  void count_written(std::size_t n) noexcept {
    if (meter_ != nullptr) meter_->bytes_written += n;
  }

  ReadAhead& ahead() noexcept { return ahead_; }
  std::uint8_t layer() const noexcept { return ahead_.layer(); }

  /// Leaves the waiter in the slot of the side; nullptr empties the slot.
  void wait(Side side, Waiter* waiter) noexcept { waiting_[index(side)] = waiter; }
  bool is_waiting(Side side) const noexcept { return waiting_[index(side)] != nullptr; }

  /// What is pending ends with `why`, once; where nothing is pending, the next operation does. The operation may be
  /// repeated, so that clean-up can still use the stream.
  void interrupt(Code why) noexcept;
  /// The same for one side only.
  void interrupt(Side side, Code why) noexcept;
  Code take_interrupt(Side side) noexcept;

  /// When the time is over: interrupt(timed_out). A write that makes progress gets the full time again.
  void expires_after(Millis duration) noexcept;
  void expires_never() noexcept;
  void renew_deadline() noexcept;

  /// For layers above and for reading: wakes in the next turn.
  void wake_later(Side side) noexcept;
  /// Both sides: something happened that both have to look at.
  void wake_both_later() noexcept {
    wake_later(Side::read);
    wake_later(Side::write);
  }

 protected:
  /// Only for the loop and for a layer's own wake: the waiter may destroy this stream, so this is the last statement.
  Waiter* take_waiter(Side side) noexcept { return std::exchange(waiting_[index(side)], nullptr); }
  static void wake_now(Waiter* waiter) noexcept {
    if (waiter != nullptr) waiter->fire(*waiter);
  }

 private:
  static constexpr std::size_t index(Side side) noexcept { return static_cast<std::size_t>(side); }

  // An idle connection is mostly streams: members lie so that there is no gap between them.
  std::uint32_t duration_ms_ = 0;  // of the deadline, which is the Timer
  StreamMeter* meter_ = nullptr;
  Waiter* waiting_[2] = {nullptr, nullptr};
  [[no_unique_address]] ReadAhead ahead_;
  Code interrupted_[2] = {Code::ok, Code::ok};
  Code interrupted_any_ = Code::ok;
};

}  // namespace turnout
