// Http2UpstreamExchange: a request to an upstream server on a stream of HTTP/2, with flow control from end to end. It
// may outlive its connection; it fails then, unless the answer was whole.
#pragma once

#include <memory>
#include <optional>

#include "proxy/http2_upstream_link.h"
#include "proxy/upstream_exchange.h"

namespace turnout {

class Http2UpstreamExchange final : public UpstreamExchange {
 public:
  explicit Http2UpstreamExchange(std::shared_ptr<Http2UpstreamLink> link) noexcept;
  ~Http2UpstreamExchange() override;

  HttpVersion version() const noexcept override { return HttpVersion::http2; }
  Task<Result<void>> send(const RequestHead& head, const RequestContent& content) override;
  Task<Result<void>> write(Bytes bytes) override;
  Task<Result<void>> finish(const FieldList& trailers) override;
  Task<Result<UpstreamAnswer>> answer(Millis limit) override;
  Task<Result<Bytes>> read() override;
  Bytes read_arrived(std::size_t bytes_max) override;
  bool is_complete() const noexcept override;
  const FieldList& trailers() const noexcept override;
  void interrupt(Side side) noexcept override;
  bool was_used_before() const noexcept override { return was_used_before_; }
  Wire take_wire() override;

  /// The server's, where it sent RST_STREAM.
  std::optional<std::uint32_t> reset_code() const noexcept;

 private:
  /// What stands against going on with that side: Code::ok where nothing does.
  Code check(Side side) noexcept;
  std::unexpected<Error> not_sent(Code code) noexcept;

  std::shared_ptr<Http2UpstreamLink> link_;
  Http2UpstreamStream* stream_ = nullptr;  // behind send(), and until take_wire()
  Http2UpstreamLink::Settings* waits_for_settings_ = nullptr;
  Code failure_ = Code::internal;  // without a stream: why
  PooledString taken_;             // what read() has handed out
  bool has_place_;
  bool was_used_before_;
  bool is_writing_ = false;
  bool interrupted_[2] = {false, false};
};

}  // namespace turnout
