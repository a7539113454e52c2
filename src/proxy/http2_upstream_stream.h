// Http2UpstreamStream: what a client knows about a stream beside its bytes: the heads that have come.
#pragma once

#include <memory>

#include "base/limits.h"
#include "codec/http/fields.h"
#include "proxy/upstream_exchange.h"
#include "transport/http2/stream_state.h"

namespace turnout {

/// A head that is coming.
class Http2AnswerHead : public Pooled {
 public:
  explicit Http2AnswerHead(const Limits& limits) noexcept : limits_(limits) {}
  void add(Field field);
  bool is_too_large() const noexcept { return too_large_; }
  ResponseHead take() noexcept { return std::move(head_); }

 private:
  const Limits& limits_;
  ResponseHead head_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  bool too_large_ = false;
};

class Http2UpstreamStream final : public Http2StreamState {
 public:
  enum class Asked : std::uint8_t { ordinary, head, connect };

  Http2UpstreamStream(Http2Link& link, Asked asked) noexcept : Http2StreamState(link), asked_(asked) {}

  void begin_head() { coming_ = std::make_unique<Http2AnswerHead>(link_limits()); }
  void add(Field field) { coming_->add(field); }
  /// Ends what begin_head() began. False where it was more than is taken of a server.
  bool end_head(bool ends);

  bool has_final_head() const noexcept { return has_final_; }
  bool has_answer() const noexcept { return next_ != answers_.size(); }
  UpstreamAnswer take_answer();

 private:
  const Limits& link_limits() const noexcept;

  Asked asked_;
  bool has_final_ = false;
  std::unique_ptr<Http2AnswerHead> coming_;
  PooledVector<UpstreamAnswer> answers_;  // that nobody has taken
  std::size_t next_ = 0;
};

}  // namespace turnout
