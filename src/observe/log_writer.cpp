#include "observe/log_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace turnout {
namespace {

// What a pipe that poll() calls writable takes without blocking: PIPE_BUF of Linux.
constexpr std::size_t pipe_write_bytes_max = 4096;

std::error_code last_error() noexcept {
  return {errno, std::generic_category()};
}

int open_for_append(const std::string& name) noexcept {
  // O_NONBLOCK concerns pipes: opening one that nobody reads is an error instead of a wait.
  return ::open(name.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

bool is_regular(int descriptor) noexcept {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

// ===== LogFile =====

LogFile::LogFile(std::string name, LogFormat format, std::string version, int descriptor)
    : name_(std::move(name)), format_(format), version_(std::move(version)), descriptor_(descriptor) {
  begin();
}

LogFile::~LogFile() {
  ::close(descriptor_);
}

std::expected<std::shared_ptr<LogFile>, std::error_code> LogFile::open(std::string name, LogFormat format,
                                                                       std::string version) {
  const int descriptor = name == "-" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : open_for_append(name);
  if (descriptor < 0) return std::unexpected(last_error());
  return std::shared_ptr<LogFile>(new LogFile(std::move(name), format, std::move(version), descriptor));
}

std::error_code LogFile::reopen() {
  if (name_ == "-") return {};
  const int fresh = open_for_append(name_);
  if (fresh < 0) return last_error();
  const std::lock_guard lock(mutex_);
  finish_waiting();  // where it can be, the old file ends with a whole line
  if (::dup3(fresh, descriptor_, O_CLOEXEC) < 0) {
    const std::error_code error = last_error();
    ::close(fresh);
    return error;
  }
  ::close(fresh);
  begin();
  return {};
}

/// The header goes first into every file; a line that the old one took in part is written again, whole.
void LogFile::begin() {
  regular_ = is_regular(descriptor_);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  PooledString header;
  append_header(format_, version_, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), header);
  const bool is_line = !waiting_.empty() && waiting_.front() != '#';
  waiting_ = std::string(header) + (is_line ? waiting_ : std::string());
  waiting_written_ = 0;
  finish_waiting();
}

bool LogFile::finish_waiting() noexcept {
  if (waiting_.empty()) return true;
  waiting_written_ += write_some(std::string_view(waiting_).substr(waiting_written_));
  if (waiting_written_ < waiting_.size()) return false;
  waiting_.clear();
  waiting_written_ = 0;
  return true;
}

std::size_t LogFile::write_some(std::string_view bytes) noexcept {
  std::size_t written = 0;
  while (written < bytes.size()) {
    std::size_t attempt = bytes.size() - written;
    if (!regular_) {
      // Standard output may be shared with others and is not ours to make non-blocking.
      pollfd ready{descriptor_, POLLOUT, 0};
      if (::poll(&ready, 1, 0) <= 0) break;
      attempt = std::min(attempt, pipe_write_bytes_max);
    }
    const ssize_t n = ::write(descriptor_, bytes.data() + written, attempt);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  return written;
}

std::size_t LogFile::write_lines(std::string_view lines) noexcept {
  const std::lock_guard lock(mutex_);
  if (!finish_waiting()) return 0;
  const std::size_t written = write_some(lines);
  if (written == 0 || written == lines.size() || lines[written - 1] == '\n') return written;

  const std::size_t line_begin = lines.rfind('\n', written - 1) + 1;  // npos + 1 is 0
  const std::size_t line_end = std::min(lines.find('\n', written), lines.size() - 1) + 1;
  waiting_ = lines.substr(line_begin, line_end - line_begin);
  waiting_written_ = written - line_begin;
  return line_end;
}

// ===== LogWriter =====

void LogWriter::write(const AccessRecord& record) {
  const std::size_t before = buffer_.size();
  append_record(file_->format(), record, buffer_);
  keep_or_drop(before);
}

void LogWriter::write_line(std::string_view line) {
  const std::size_t before = buffer_.size();
  buffer_.append(line);
  keep_or_drop(before);
}

void LogWriter::keep_or_drop(std::size_t before) {
  if (buffer_.size() > buffer_bytes_max) {
    buffer_.resize(before);
    ++dropped_;
    return;
  }
  if (buffer_.size() >= flush_at_) flush();
}

void LogWriter::flush() noexcept {
  // Asked with an empty buffer as well: the file may hold the rest of a line.
  buffer_.erase(0, file_->write_lines(buffer_));
  // Where the file takes nothing, it is tried again by the owner's timer, and not with every record.
  flush_at_ = buffer_.size() + flush_bytes;
  if (buffer_.empty() && buffer_.capacity() > 2 * flush_bytes) PooledString().swap(buffer_);
}

}  // namespace turnout
