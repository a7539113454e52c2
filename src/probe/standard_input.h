// StandardInput: what a terminal, a pipe or a file gives, as a stream, without changing the descriptor: a terminal is
// shared with the shell, so it does not become non-blocking.
//
//   Wire input(std::make_unique<StandardInput>(loop));
//   const Result<std::size_t> more = co_await input.fill();      // 0: its end
//
// The loop stays registered with the descriptor, so nothing runs on it any more once this is gone.
#pragma once

#include "runtime/epoll_loop.h"
#include "transport/stream.h"

namespace turnout::probe {

class StandardInput final : public Stream, private EventSource {
 public:
  explicit StandardInput(EpollLoop& loop) noexcept;
  ~StandardInput() override;

  Io try_read(MutableBytes into) noexcept override;
  Io try_write(Bytes) noexcept override { return {0, Code::unsupported}; }
  Code try_close_write() noexcept override { return Code::ok; }
  void abort() noexcept override {}
  bool is_broken() const noexcept override { return false; }
  std::string_view name() const noexcept override { return "stdin"; }

 private:
  EpollLoop& loop_;
};

}  // namespace turnout::probe
