// UpstreamExchange: one request to an upstream server and its answer, in whatever version of HTTP that server speaks.
//
//   Result<void> sent = co_await upstream->send(head, content);         // then write() and finish() where it has a
//   body Result<UpstreamAnswer> answer = co_await upstream->answer();        // again while answer->is_interim()
//   Result<Bytes> part = co_await upstream->read();                     // empty: the end; trailers() are complete
//
// One task may send while another reads: an answer may begin, and end, before its request does. An exchange that is
// dropped before both have ended breaks off: the connection in HTTP/1.1, the stream in HTTP/2. Errors have the source
// `upstream`.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/http/message.h"
#include "runtime/task.h"
#include "switching/exchange.h"
#include "transport/wire.h"

namespace turnout {

struct UpstreamAnswer {
  ResponseHead head;  // with every field as it came
  HttpVersion version = HttpVersion::http11;
  bool has_content = false;             // read() has something to wait for
  std::optional<std::uint64_t> length;  // of its content, where it was announced; of a HEAD's answer as well
  bool switches = false;                // 101, or 2xx to CONNECT; whether it was asked for is for the caller to check

  bool is_interim() const noexcept { return head.status < 200 && !switches; }
};

class UpstreamExchange : public Pooled {
 public:
  UpstreamExchange() = default;
  UpstreamExchange(const UpstreamExchange&) = delete;
  UpstreamExchange& operator=(const UpstreamExchange&) = delete;
  virtual ~UpstreamExchange() = default;

  virtual HttpVersion version() const noexcept = 0;

  /// `head` has no field of one hop: the version's own fields are made here. An extended CONNECT (head.protocol) is for
  /// HTTP/2 only; where `head.fields` holds Upgrade, which is for HTTP/1.1 only, Connection names it.
  virtual Task<Result<void>> send(const RequestHead& head, const RequestContent& content) = 0;
  virtual Task<Result<void>> write(Bytes bytes) = 0;
  virtual Task<Result<void>> finish(const FieldList& trailers) = 0;

  /// The head of an answer, interim ones as well; fails with timed_out when `limit` is over.
  virtual Task<Result<UpstreamAnswer>> answer(Millis limit) = 0;
  /// The next bytes of the content, empty at its end. The view lives until the next call of read().
  virtual Task<Result<Bytes>> read() = 0;
  virtual const FieldList& trailers() const noexcept = 0;

  /// As read(), of what has arrived already and where that is not longer than `bytes_max`; else empty. A failure is
  /// left for read().
  virtual Bytes read_arrived(std::size_t bytes_max) = 0;
  /// The last of the content has been handed out.
  virtual bool is_complete() const noexcept = 0;

  /// What is pending on that side, else the next operation there, ends with `cancelled`.
  virtual void interrupt(Side side) noexcept = 0;

  /// The connection was used before, or opened ahead of need, and nothing has come since: a failure may only mean that
  /// it had become old.
  virtual bool was_used_before() const noexcept = 0;

  /// Behind an answer that switches: the stream, with whatever came behind that answer.
  virtual Wire take_wire() = 0;
};

}  // namespace turnout
