#include "bench/load/tunnel.h"

namespace turnout::bench {

void Tunnel::start(std::int64_t due) {
  if (state() != State::open) return;
  started_at_ = due;
  waiting_ = true;
  send(message_.wire);
}

void Tunnel::on_switched(std::string_view) {
  start(now_ns());
}

void Tunnel::on_bytes(std::string_view bytes) {
  if (!waiting_) return fail("bytes without a message");
  switch (check_.take(bytes)) {
    case EchoCheck::Result::more: return;
    case EchoCheck::Result::wrong: return fail("an echo is not what was sent");
    case EchoCheck::Result::complete: break;
  }
  waiting_ = false;
  if (!std::exchange(proved_, true)) return run_.opened();
  done_(*this, now_ns());
}

void Tunnel::on_end(std::string_view how) {
  run_.fail("a tunnel was " + std::string(how));
}

}  // namespace turnout::bench
