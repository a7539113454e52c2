// Http2ResponseFields: a ResponseHead as the field list that nghttp2 takes.
//
//   const Http2ResponseFields fields(head, {.date = as_text(date), .content_length = 6});
//   nghttp2_submit_response(session, stream_id, fields.data(), fields.size(), nullptr);
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "codec/http/message.h"
#include "transport/http2/field_block.h"

namespace turnout {

struct Http2HeadTail {
  std::string_view date;  // left out where the head has one
  std::optional<std::uint64_t> content_length;
};

class Http2ResponseFields {
 public:
  Http2ResponseFields(const ResponseHead& head, const Http2HeadTail& tail);
  /// Of an answer ahead of the answer: 100, or 102 to 199 (RFC 9110 section 15.2).
  explicit Http2ResponseFields(const ResponseHead& interim);
  Http2ResponseFields(const Http2ResponseFields&) = delete;
  Http2ResponseFields& operator=(const Http2ResponseFields&) = delete;

  const nghttp2_nv* data() const noexcept { return block_.data(); }
  std::size_t size() const noexcept { return block_.size(); }

 private:
  void add_status(int status);
  Http2FieldBlock block_;
  std::array<char, 4> status_{};
  std::array<char, 24> length_{};
};

}  // namespace turnout
