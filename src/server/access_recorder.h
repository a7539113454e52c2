// AccessRecorder: writes what sessions put on record into the access log, in batches.
#pragma once

#include <memory>

#include "observe/log_writer.h"
#include "runtime/worker.h"
#include "switching/record.h"

namespace turnout {

class AccessRecorder final : public Recorder {
 public:
  /// A line waits no longer than this, and no more bytes than these wait at the end of a turn.
  static constexpr Millis delay_max{200};
  static constexpr std::size_t waiting_bytes_max = 16 * 1024;

  AccessRecorder(Worker& worker, std::shared_ptr<LogFile> file);

  void write(const Record& record) noexcept override;
  void at_turn_end() noexcept;

  std::uint64_t dropped() const noexcept { return log_.dropped(); }

 private:
  struct Flush : Timer {
    explicit Flush(AccessRecorder& owner) noexcept;
    AccessRecorder& recorder;
  };
  void flush() noexcept;

  Worker& worker_;
  LogWriter log_;
  Flush flush_;
  std::size_t stuck_bytes_ = 0;  // after a flush that left something: not tried again below this
};

}  // namespace turnout
