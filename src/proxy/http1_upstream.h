// Http1UpstreamExchange: one request of an HTTP/1.1 connection to an upstream server, and its answer (RFC 9112), read
// as strictly as requests are (S11).
#pragma once

#include <functional>
#include <optional>

#include "proxy/upstream_exchange.h"
#include "transport/http1_body.h"

namespace turnout {

class Http1UpstreamExchange final : public UpstreamExchange {
 public:
  /// Takes a connection that another request may follow on; nobody, where none may.
  using GiveBack = std::function<void(Wire wire)>;

  Http1UpstreamExchange(Wire wire, const Limits& limits, bool was_used_before, GiveBack give_back)
      : wire_(std::move(wire)), limits_(limits), give_back_(std::move(give_back)), used_before_(was_used_before) {}
  ~Http1UpstreamExchange() override;

  HttpVersion version() const noexcept override { return HttpVersion::http11; }
  Task<Result<void>> send(const RequestHead& head, const RequestContent& content) override;
  Task<Result<void>> write(Bytes bytes) override;
  Task<Result<void>> finish(const FieldList& trailers) override;
  Task<Result<UpstreamAnswer>> answer(Millis limit) override;
  Task<Result<Bytes>> read() override;
  Bytes read_arrived(std::size_t bytes_max) override;
  bool is_complete() const noexcept override { return body_ && body_->is_finished(); }
  const FieldList& trailers() const noexcept override;
  void interrupt(Side side) noexcept override { wire_->stream().interrupt(side, Code::cancelled); }
  bool was_used_before() const noexcept override { return used_before_; }
  Wire take_wire() override;

 private:
  Task<Result<std::size_t>> head_size();

  std::optional<Wire> wire_;  // until it is taken
  const Limits& limits_;
  GiveBack give_back_;
  std::optional<Http1Body> body_;  // of the answer
  PooledString method_;
  Millis idle_{60'000};    // of its content
  int interim_left_ = 16;  // an endless row of interim answers is no answer
  bool used_before_;
  bool chunked_ = false;
  bool sent_all_ = false;
  bool keep_alive_ = false;  // the answer lets another request follow
};

}  // namespace turnout
