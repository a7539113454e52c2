// Http2Exchange: one request and its answer on a stream of HTTP/2, with flow control from end to end: the client may
// send more of a body when the handler has taken what came, and a write is done when its bytes have left.
#pragma once

#include <optional>

#include "protocols/http2/server_stream.h"
#include "switching/exchange.h"

namespace turnout {

class Http2Exchange final : public Exchange {
 public:
  /// What arrives on the stream of a declined CONNECT was meant for a tunnel: it is not the body of anything, and no
  /// answer may look like an acceptance (laws L1 and L6).
  enum class Kind : std::uint8_t { request, declined_connect };

  Http2Exchange(Http2ServerStream& state, const RequestHead& request, const Route& route, Session& session,
                Kind kind = Kind::request) noexcept;

  ~Http2Exchange() override { when_gone(nullptr); }

  using Exchange::finish;
  using Exchange::respond;
  RequestContent content() const noexcept override { return content_; }
  Task<Result<Bytes>> read() override;
  void cancel_read() noexcept override;
  const FieldList& trailers() const noexcept override { return state_.trailers(); }
  Task<Result<void>> respond(ResponseHead head, Bytes body) override;
  Task<Result<void>> start(ResponseHead head, std::optional<std::uint64_t> length, Bytes first) override;
  Task<Result<void>> write(Bytes bytes) override;
  Task<Result<void>> send_file(int descriptor, std::uint64_t offset, std::uint64_t size) override;
  Task<Result<void>> finish(const FieldList& trailers) override;
  Task<Result<void>> send_interim(ResponseHead head) override;
  void when_gone(Waiter* waiter) override;
  bool has_started() const noexcept override { return status_ != 0; }

  /// The handler is through: gives the answer that it did not give, or breaks off what it did not finish.
  Task<void> settle();

  int status() const noexcept { return status_; }
  std::uint64_t bytes_in() const noexcept { return state_.received(); }
  std::uint64_t bytes_out() const noexcept { return bytes_out_; }

 private:
  Result<void> send_head(ResponseHead head, std::optional<std::uint64_t> length, bool with_body);
  bool is_without_body(int status) const noexcept;
  /// Where a piece of the body may not be sent, the answer to give instead of sending it.
  std::optional<Result<void>> check_piece(std::uint64_t size);
  Result<void> delivered() noexcept;
  std::unexpected<Error> broken(Code code, Source source = Source::downstream) noexcept;
  bool is_too_slow() const noexcept;

  Http2ServerStream& state_;
  Kind kind_;
  RequestContent content_;
  Waiter* when_gone_ = nullptr;
  int status_ = 0;
  bool without_body_ = false;
  bool finished_ = false;
  bool reading_ = false;
  bool read_cancelled_ = false;
  bool said_continue_ = false;
  Code failure_ = Code::ok;
  Source failure_source_ = Source::downstream;
  std::optional<std::uint64_t> left_;  // of the announced length
  std::uint64_t bytes_out_ = 0;
  std::uint64_t waited_ms_ = 0;  // for the body
  PooledString taken_;           // what read() has handed out
};

}  // namespace turnout
