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

  Task<Result<Bytes>> read() override;
  Task<Result<void>> respond(ResponseHead head, Bytes body) override;
  Task<Result<void>> start(ResponseHead head, std::optional<std::uint64_t> length) override;
  Task<Result<void>> write(Bytes bytes) override;
  Task<Result<void>> send_file(int descriptor, std::uint64_t offset, std::uint64_t size) override;
  Task<Result<void>> finish() override;
  bool has_started() const noexcept override { return status_ != 0; }
  using Exchange::respond;

  /// The answer closes the connection where bytes behind the request have been read by then (law L6).
  void close_if_bytes_wait() noexcept { close_if_bytes_wait_ = true; }
  void close_after_answer() noexcept { keep_alive_ = false; }

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
  Result<void> done(Result<void> sent) noexcept;

  Wire& wire_;
  RequestBody& body_;
  Error failure_{Code::ok, Source::downstream};
  std::uint64_t left_ = 0;
  std::uint64_t bytes_out_ = 0;
  int status_ = 0;
  Coding coding_ = Coding::none;
  bool keep_alive_;
  bool close_if_bytes_wait_ = false;
  bool sends_content_ = true;
  bool finished_ = false;
};

}  // namespace turnout
