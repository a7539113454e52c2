// Http2ResponseFields: a ResponseHead as the field list that nghttp2 takes: names in lower case, and without what
// belongs to one hop of HTTP/1.1 (RFC 9113 section 8.2.2).
//
//   const Http2ResponseFields fields(head, {.date = as_text(date), .content_length = 6});
//   nghttp2_submit_response(session, stream_id, fields.data(), fields.size(), nullptr);
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/pool.h"
#include "codec/http/message.h"

namespace turnout {

struct Http2HeadTail {
  std::string_view date;  // left out where the head has one
  std::optional<std::uint64_t> content_length;
};

class Http2ResponseFields {
 public:
  Http2ResponseFields(const ResponseHead& head, const Http2HeadTail& tail);
  Http2ResponseFields(const Http2ResponseFields&) = delete;
  Http2ResponseFields& operator=(const Http2ResponseFields&) = delete;

  const nghttp2_nv* data() const noexcept { return list_.data(); }
  std::size_t size() const noexcept { return list_.size(); }

 private:
  void add(std::string_view name, std::string_view value);
  PooledString names_;  // in lower case; reserved beforehand, so that views into it stay
  std::array<char, 4> status_{};
  std::array<char, 24> length_{};
  PooledVector<nghttp2_nv> list_;
};

}  // namespace turnout
