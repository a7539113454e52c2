// Protocol: what speaks on a connection, and the loop in which one follows another.
//
// A protocol is given the connection, speaks, and returns either that the connection is over or its successor together
// with the connection. There is no other way to change protocol: preface sniffing, TLS, ALPN, Upgrade and extended
// CONNECT all end in a Switch.
//
//   class Shout final : public Protocol {
//     const char* name() const override { return "shout"; }
//     Task<Outcome> run(Wire wire, Session& session) override { ...; co_return Closed{Why::done}; }
//   };
#pragma once

#include <memory>
#include <variant>

#include "base/why.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout {

class Session;
class Protocol;

struct Closed {
  Why why = Why::done;
};

struct Switch {
  std::unique_ptr<Protocol> protocol;
  Wire wire;
  Why why = Why::accepted;
};

using Outcome = std::variant<Closed, Switch>;

class Protocol : public Pooled {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  /// A literal, for the record.
  virtual const char* name() const noexcept = 0;
  virtual Task<Outcome> run(Wire wire, Session& session) = 0;
};

}  // namespace turnout
