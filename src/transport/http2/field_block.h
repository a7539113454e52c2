// Http2FieldBlock: fields as the list that nghttp2 takes: names in lower case, and without what belongs to one hop of
// HTTP/1.1 (RFC 9113 section 8.2.2).
//
//   Http2FieldBlock block(head.fields, 1);
//   block.add(":status", "200");
//   block.add_all(head.fields, [](std::string_view name) { return iequals(name, "date"); });     // but Date
//   nghttp2_submit_response(session, stream_id, block.data(), block.size(), nullptr);
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <string_view>

#include "base/pool.h"
#include "codec/http/fields.h"

namespace turnout {

class Http2FieldBlock {
 public:
  /// With room for `fields` and `more` of add().
  Http2FieldBlock(const FieldList& fields, std::size_t more);
  Http2FieldBlock(const Http2FieldBlock&) = delete;
  Http2FieldBlock& operator=(const Http2FieldBlock&) = delete;

  /// The views have to live as long as the block; the name is in lower case.
  void add(std::string_view name, std::string_view value);
  /// All but fields of one hop, those that could not be sent on safely, and those that `is_left_out`. Once only.
  void add_all(const FieldList& fields, bool (*is_left_out)(std::string_view name) noexcept);
  /// Trailer fields: without those that may not be in a trailer.
  void add_trailers(const FieldList& fields);

  const nghttp2_nv* data() const noexcept { return list_.data(); }
  std::size_t size() const noexcept { return list_.size(); }

 private:
  PooledString names_;  // in lower case; reserved beforehand, so that views into it stay
  PooledVector<nghttp2_nv> list_;
};

}  // namespace turnout
