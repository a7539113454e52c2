// drive(): the protocols of one connection, one after the other.
//
//   (void)co_await drive(spoken->make_first_protocol(), std::move(wire), session);
//
// Who has a coroutine for each connection anyway lets a Succession run in it, so that an idle connection has one frame
// less:
//
//   Succession protocols(spoken->make_first_protocol(), std::move(wire), session);
//   while (co_await protocols.next()) {
//   }
#pragma once

#include <memory>
#include <utility>

#include "switching/protocol.h"
#include "switching/session.h"

namespace turnout {

/// What changes from one protocol of a connection to the next.
class Succession {
 public:
  Succession(std::unique_ptr<Protocol> first, Wire wire, Session& session) noexcept
      : protocol_(std::move(first)), wire_(std::move(wire)), session_(session) {}

  /// Awaited, lets the present protocol speak to its end; false where it was the last one.
  Succession& next() {
    session_.use(wire_.stream());
    session_.note({.kind = EventKind::entered, .name = protocol_->name()});
    running_ = protocol_->run(std::move(wire_), session_);
    return *this;
  }
  bool await_ready() const noexcept { return running_.await_ready(); }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    return running_.await_suspend(caller);
  }
  bool await_resume() {
    Outcome outcome = running_.await_resume();
    running_ = Task<Outcome>(nullptr);
    return take(std::move(outcome));
  }

  /// Once there is no next one.
  Closed closed() const noexcept { return closed_; }

 private:
  bool take(Outcome outcome) {
    if (const auto* end = std::get_if<Closed>(&outcome)) return close(*end);
    auto& next = std::get<Switch>(outcome);
    session_.note({.kind = EventKind::switched,
                   .why = next.why,
                   .bytes = static_cast<std::uint32_t>(next.wire.peek().size()),
                   .name = next.protocol->name()});
    wire_ = std::move(next.wire);
    protocol_ = std::move(next.protocol);  // the old protocol ends here, after its coroutine (L7)
    // The first protocol of a TCP connection only detects; it does not count as one of those in sequence (U18).
    return ++switches_ <= session_.limits().switches_max + 1 || close(Closed{Why::too_many_switches});
  }
  bool close(Closed closed) {
    closed_ = closed;
    session_.note({.kind = EventKind::closed, .why = closed.why});
    session_.record_close(closed.why);
    return false;
  }

  std::unique_ptr<Protocol> protocol_;
  Wire wire_;
  Session& session_;
  Task<Outcome> running_{nullptr};  // empty between two protocols
  std::uint32_t switches_ = 0;
  Closed closed_{};
};

/// Until one of them says that it is over.
inline Task<Closed> drive(std::unique_ptr<Protocol> protocol, Wire wire, Session& session) {
  Succession protocols(std::move(protocol), std::move(wire), session);
  while (co_await protocols.next()) {
  }
  co_return protocols.closed();
}

}  // namespace turnout
