// LogFile and LogWriter: how records get to where they are kept.
//
//   auto file = LogFile::open("access.log", LogFormat::w3c, version);      // shared by all workers; "-": standard
//   output LogWriter log(*file);                                                  // one for every worker
//   log.write(record);                                                     // into the worker's buffer
//   log.flush();                                                           // by the owner's timer, and at the end
//
// Nothing that happens to the log stops the traffic (F15): where a line cannot be written now it waits in the
// buffer, where the buffer is full it is dropped and counted, and once there is space again all goes on. Only whole
// lines are handed over; a line that the system took in part is completed before anything else is written.
// SIGPIPE has to be ignored in the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/log_format.h"
#include "base/pool.h"
#include "observe/access_log.h"

namespace turnout {

class LogFile {
 public:
  /// Creates the file if need be, with mode 0640, and begins it with the header of the format.
  static std::expected<std::shared_ptr<LogFile>, std::error_code> open(std::string name, LogFormat format,
                                                                       std::string version);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  LogFormat format() const noexcept { return format_; }

  /// For log rotation: opens the name again and puts it in the place of the descriptor, which is valid throughout.
  /// On an error the file that is open stays in use. From any thread; for standard output it does nothing.
  std::error_code reopen();

  /// Takes whole lines off the front of `lines` as far as the system accepts them without blocking, and says how
  /// many bytes that were. From any thread.
  std::size_t write_lines(std::string_view lines) noexcept;

 private:
  LogFile(std::string name, LogFormat format, std::string version, int descriptor);
  void begin();
  bool finish_waiting() noexcept;
  std::size_t write_some(std::string_view bytes) noexcept;

  const std::string name_;
  const LogFormat format_;
  const std::string version_;
  const int descriptor_;
  bool regular_ = false;  // else a pipe or a terminal, whose reader may be slow or gone
  std::mutex mutex_;      // around every write, so that lines of two workers do not mix where one is taken in part
  // The header that could not be written yet, or a line that was taken in part: it goes before anything else.
  std::string waiting_;
  std::size_t waiting_written_ = 0;
};

/// Belongs to one thread.
class LogWriter {
 public:
  static constexpr std::size_t flush_bytes = 64 * 1024;        // a full buffer is flushed without being asked
  static constexpr std::size_t buffer_bytes_max = 512 * 1024;  // of lines that wait

  explicit LogWriter(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}
  ~LogWriter() { flush(); }
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void write(const AccessRecord& record);
  /// A whole line with its end.
  void write_line(std::string_view line);
  void flush() noexcept;

  /// Records that were lost because the buffer was full.
  std::uint64_t dropped() const noexcept { return dropped_; }
  std::size_t waiting_bytes() const noexcept { return buffer_.size(); }

 private:
  void keep_or_drop(std::size_t before);

  std::shared_ptr<LogFile> file_;
  PooledString buffer_;
  std::size_t flush_at_ = flush_bytes;
  std::uint64_t dropped_ = 0;
};

}  // namespace turnout
