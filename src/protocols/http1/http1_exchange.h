// Http1Exchange: one request of an HTTP/1.1 connection and its answer.
#pragma once

#include <optional>

#include "codec/http1/head_writer.h"
#include "protocols/http1/request_body.h"
#include "switching/exchange.h"

namespace turnout {

class Http1Exchange final : public Exchange {
 public:
  Http1Exchange(const RequestHead& request, const Route& route, Session& session, Wire& wire, RequestBody& body,
                bool keep_alive) noexcept
      : Exchange(request, route, session), wire_(wire), body_(body), keep_alive_(keep_alive) {}

  RequestContent content() const noexcept override { return body_.content(); }
  Task<Result<Bytes>> read() override;
  void cancel_read() noexcept override;
  const FieldList& trailers() const noexcept override { return body_.trailers(); }
  Task<Result<void>> respond(ResponseHead head, Bytes body) override;
  Task<Result<void>> start(ResponseHead head, std::optional<std::uint64_t> length, Bytes first) override;
  Task<Result<void>> write(Bytes bytes) override;
  Task<Result<void>> send_file(int descriptor, std::uint64_t offset, std::uint64_t size) override;
  Task<Result<void>> finish(const FieldList& trailers) override;
  Task<Result<void>> send_interim(ResponseHead head) override;
  bool has_started() const noexcept override { return status_ != 0; }
  void when_gone(Waiter* waiter) override;
  using Exchange::finish;
  using Exchange::respond;
  using Exchange::start;

  /// To be awaited before anybody else reads from the wire.
  Task<void> stop_watching();

  /// The answer closes the connection where bytes behind the request have been read by then (law L6).
  void close_if_bytes_wait() noexcept { close_if_bytes_wait_ = true; }
  void close_after_answer() noexcept override { keep_alive_ = false; }

  bool is_finished() const noexcept { return finished_; }
  bool has_failed() const noexcept { return failure_.code != Code::ok; }
  Error failure() const noexcept { return failure_; }
  bool keeps_alive() const noexcept { return keep_alive_; }
  int status() const noexcept { return status_; }
  std::uint64_t bytes_out() const noexcept { return bytes_out_; }

 private:
  enum class Coding : std::uint8_t { none, length, chunked, until_close };

  void decide_connection();
  HeadTail tail(const ResponseHead& head, std::optional<std::uint64_t> length) const;
  Task<Result<void>> send_head(const ResponseHead& head, const HeadTail& end, Bytes body);
  Task<Result<void>> send(Bytes bytes);
  bool count_piece(std::size_t bytes) noexcept;
  Task<void> watch();
  Result<void> done(Result<void> sent) noexcept;

  Wire& wire_;
  RequestBody& body_;
  TaskGroup watch_;
  Waiter* gone_ = nullptr;
  Error failure_{Code::ok, Source::downstream};
  std::uint64_t left_ = 0;
  std::uint64_t bytes_out_ = 0;
  int status_ = 0;
  Coding coding_ = Coding::none;
  bool keep_alive_;
  bool close_if_bytes_wait_ = false;
  bool sends_content_ = true;
  bool finished_ = false;
  bool reading_ = false;
};

}  // namespace turnout
