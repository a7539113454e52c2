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
#include "base/why.h"
#include "codec/http/message.h"
#include "runtime/task.h"
#include "runtime/waiter.h"
#include "switching/site.h"

namespace turnout {

class MessageApp;
class Session;

/// What the head of a request says about its body.
struct RequestContent {
  bool is_empty = true;
  std::optional<std::uint64_t> length;  // in bytes, where it is known
};

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

  virtual RequestContent content() const noexcept = 0;
  /// The next bytes of the request's body; empty at its end. The view lives until the next call of read(), and may be
  /// given to write(). One task may read while another writes.
  virtual Task<Result<Bytes>> read() = 0;
  /// What read() waits for ends with `cancelled`, which is no failure of the exchange.
  virtual void cancel_read() noexcept = 0;
  /// The trailer fields of the request, when read() has come to the end.
  virtual const FieldList& trailers() const noexcept = 0;

  /// The whole answer at once; of a body that is longer than `first_bytes_max` the view must stay. HEAD, 204 and 304
  /// are taken care of: the body is left out and its length is kept.
  virtual Task<Result<void>> respond(ResponseHead head, Bytes body) = 0;

  /// An answer in pieces: start, then write or send_file, then finish. Without a length the protocol frames it.
  /// `first` is content that goes out with the head, `first_bytes_max` of it at most; the view may be one of read().
  virtual Task<Result<void>> start(ResponseHead head, std::optional<std::uint64_t> length, Bytes first) = 0;
  static constexpr std::size_t first_bytes_max = 8 * 1024;
  virtual Task<Result<void>> write(Bytes bytes) = 0;
  virtual Task<Result<void>> send_file(int descriptor, std::uint64_t offset, std::uint64_t size) = 0;
  virtual Task<Result<void>> finish(const FieldList& trailers) = 0;

  /// Ahead of the answer: 103 and its like (RFC 9110 section 15.2). 100 is the protocol's own business, and where a
  /// client does not know of such answers (HTTP/1.0) it is left out.
  virtual Task<Result<void>> send_interim(ResponseHead head) = 0;

  virtual bool has_started() const noexcept = 0;
  /// The answer is the last on its connection, where a version of HTTP has such a thing.
  virtual void close_after_answer() noexcept {}

  /// Posts `waiter` when the client has broken off, so that nobody works on for nothing; nullptr takes it back. It
  /// watches once the request's body has been read to its end. A client that has ended its own side is still there.
  virtual void when_gone(Waiter* waiter) = 0;

  /// A short text for a person; `text` must outlive the call.
  Task<Result<void>> respond(int status, std::string_view text);
  Task<Result<void>> start(ResponseHead head, std::optional<std::uint64_t> length) {
    return start(std::move(head), length, {});
  }
  Task<Result<void>> finish();

  /// For the record: why the answer is what it is.
  void set_reason(Why why) noexcept { reason_ = why; }
  Why reason() const noexcept { return reason_; }

 private:
  Why reason_ = Why::none;
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
