// RequestBody: the content of one HTTP/1.1 request, read from the connection as it is asked for.
//
//   while (true) {
//     const Result<Bytes> part = co_await body.read();
//     if (!part || part->empty()) break;           // failed, or the end
//   }
#pragma once

#include <cstdint>

#include "runtime/task.h"
#include "switching/exchange.h"
#include "switching/session.h"
#include "transport/http1_body.h"

namespace turnout {

class RequestBody {
 public:
  /// `expects_continue`: the client waits for 100 before it sends (RFC 9110 section 10.1.1).
  RequestBody(Wire& wire, Session& session, const Framing& framing, bool expects_continue);

  /// The next part; empty at the end. The view lives until the next call. Fails with malformed, timed_out, end, reset.
  Task<Result<Bytes>> read();

  /// Reads the whole body into `into`, as long as it has no more than `bytes_max`; says whether it had.
  Task<Result<bool>> read_whole(PooledString& into, std::size_t bytes_max);

  /// What is handed out first from now on: a body, or the start of one, that was read before.
  void put_back(PooledString before) {
    before_ = std::move(before);
    before_used_ = 0;  // it may have been read and put back before
  }

  /// Drops what has arrived already, without waiting for more. True where that was all.
  bool finish_from_what_arrived();

  /// What the head said; a body that was put back counts as one of that length.
  RequestContent content() const noexcept;
  /// Complete when the body is.
  const FieldList& trailers() const noexcept { return body_.trailers(); }

  bool is_finished() const noexcept { return body_.is_finished() && before_used_ == before_.size(); }
  /// And nothing of it is in use any more.
  bool is_through() const noexcept { return is_finished() && !body_.is_handed_out(); }
  bool still_expects_continue() const noexcept { return expects_continue_; }
  void continue_was_sent() noexcept { expects_continue_ = false; }
  std::uint64_t bytes() const noexcept { return body_.bytes(); }
  /// Why read() failed with malformed.
  const HeadError& error() const noexcept { return body_.error(); }

 private:
  bool is_too_slow() const noexcept;
  Task<Result<Bytes>> read_within(std::size_t unread_max);

  Wire& wire_;
  Session& session_;
  Http1Body body_;
  PooledString before_;
  std::size_t before_used_ = 0;
  std::uint64_t waited_ms_ = 0;
  bool expects_continue_;
};

}  // namespace turnout
