// Exchange: one request and its answer, in whatever version of HTTP it came; and Handler, who answers.
//
//   Task<void> Hello::serve(Exchange& exchange) const {
//     co_await exchange.respond(200, "hello\n");
//   }
//
// An exchange remembers its first failure: later calls then fail too, so a handler may leave results unread and just
// return. A handler that returns without an answer gets 500 sent for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/http/message.h"
#include "runtime/task.h"
#include "switching/site.h"

namespace turnout {

class MessageApp;
class Session;

class Exchange {
 public:
  Exchange(const RequestHead& request, const Route& route, Session& session) noexcept
      : request_(request), route_(route), session_(session) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  const RequestHead& request() const noexcept { return request_; }
  const Route& route() const noexcept { return route_; }
  Session& session() const noexcept { return session_; }

  /// The next bytes of the request's body; empty at its end. The view lives until the next call on this exchange,
  /// and may be given to write().
  virtual Task<Result<Bytes>> read() = 0;

  /// The whole answer at once. HEAD, 204 and 304 are taken care of: the body is left out and its length is kept.
  virtual Task<Result<void>> respond(ResponseHead head, Bytes body) = 0;

  /// An answer in pieces: start, then write or send_file, then finish. Without a length the protocol frames it.
  virtual Task<Result<void>> start(ResponseHead head, std::optional<std::uint64_t> length) = 0;
  virtual Task<Result<void>> write(Bytes bytes) = 0;
  virtual Task<Result<void>> send_file(int descriptor, std::uint64_t offset, std::uint64_t size) = 0;
  virtual Task<Result<void>> finish() = 0;

  virtual bool has_started() const noexcept = 0;

  /// A short text for a person; `text` must outlive the call.
  Task<Result<void>> respond(int status, std::string_view text);

 private:
  const RequestHead& request_;
  const Route& route_;
  Session& session_;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<void> serve(Exchange& exchange) const = 0;
  /// What speaks behind a WebSocket opened here; nullptr where none can be.
  virtual const MessageApp* message_app() const noexcept { return nullptr; }
};

}  // namespace turnout
