// Http2RequestBuilder: the decoded fields of one HTTP/2 request, one after the other, become a RequestHead.
//
//   Http2RequestBuilder builder(limits, session.is_secure());
//   builder.add(":method", "GET"); ...
//   auto head = builder.finish();          // or a Http2Refusal: which status, and why
//
// What makes a request malformed in HTTP/2 itself (upper case, connection-specific fields, repeated or missing
// pseudo-fields) nghttp2 has found before; here are the rules of HTTP, and the limits.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

#include "base/limits.h"
#include "base/pool.h"
#include "base/why.h"
#include "codec/http/message.h"

namespace turnout {

struct Http2Refusal {
  int status = 400;
  Why why = Why::malformed;
  std::string_view text;
};

class Http2RequestBuilder : public Pooled {
 public:
  Http2RequestBuilder(const Limits& limits, bool secure) noexcept : limits_(limits) { head_.secure = secure; }

  void add(std::string_view name, std::string_view value);

  /// Call once, at the end of the field section.
  std::expected<RequestHead, Http2Refusal> finish();
  /// What there is of a request that was refused.
  RequestHead take_refused() noexcept { return std::move(head_); }

 private:
  using Checked = std::expected<void, Http2Refusal>;
  void add_pseudo(std::string_view name, std::string_view value);
  void drop_everything() noexcept;
  Checked check_scheme() const;
  Checked take_authority();
  Checked check_target() const;

  const Limits& limits_;
  RequestHead head_;
  PooledString scheme_;
  PooledString host_;
  PooledString cookie_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  bool has_host_ = false;
  bool has_authority_ = false;
  bool too_large_ = false;
};

}  // namespace turnout
