#include "runtime/splice_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace turnout {
namespace {

/// read() of everything that was asked for.
bool read_all(int descriptor, MutableBytes bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::read(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

bool SplicePipe::Ends::open() noexcept {
  if (entrance) return true;
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return false;
  exit = Descriptor(ends[0]);
  entrance = Descriptor(ends[1]);
  return true;
}

bool SplicePipe::open() noexcept {
  return through_.open();
}

void SplicePipe::close() noexcept {
  through_ = Ends{};
  kept_ = Ends{};
  kept_bytes_ = 0;
}

bool SplicePipe::empty_into(MutableBytes bytes) noexcept {
  if (read_all(exit(), bytes)) return true;
  close();
  return false;
}

bool SplicePipe::keep_a_look(std::size_t size) noexcept {
  if (!nowhere_) nowhere_ = Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!nowhere_ || !kept_.open()) return false;
  const ssize_t n = tee(exit(), kept_.entrance.get(), size, SPLICE_F_NONBLOCK);
  kept_bytes_ = n > 0 ? static_cast<std::size_t>(n) : 0;
  if (kept_bytes_ == size) return true;
  (void)forget(kept_bytes_);
  return false;
}

bool SplicePipe::forget(std::size_t size) noexcept {
  while (size != 0) {
    const ssize_t n = splice(kept_.exit.get(), nullptr, nowhere_.get(), nullptr, size, SPLICE_F_NONBLOCK);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      kept_ = Ends{};
      kept_bytes_ = 0;
      return false;
    }
    size -= static_cast<std::size_t>(n);
    kept_bytes_ -= static_cast<std::size_t>(n);
  }
  return true;
}

SplicePipe::Look::~Look() {
  (void)pipe_.forget(pipe_.kept_bytes_);
}

void SplicePipe::Look::skip(std::size_t size) noexcept {
  failed_ = !pipe_.forget(size);
  left_ = failed_ ? 0 : left_ - size;
}

Bytes SplicePipe::Look::read(std::size_t size) noexcept {
  const MutableBytes into = room_.first(std::min({size, left_, room_.size()}));
  if (!read_all(pipe_.kept_.exit.get(), into)) {
    pipe_.kept_ = Ends{};
    pipe_.kept_bytes_ = 0;
    left_ = 0;
    failed_ = true;
    return {};
  }
  pipe_.kept_bytes_ -= into.size();
  left_ -= into.size();
  return into;
}

}  // namespace turnout
