// Http2RequestFields: a RequestHead as the field list that nghttp2 takes, towards an upstream.
//
//   const Http2RequestFields fields(head, content, is_secure);
//   nghttp2_submit_request(session, nullptr, fields.data(), fields.size(), &body, stream);
#pragma once

#include <array>

#include "codec/http/message.h"
#include "switching/exchange.h"
#include "transport/http2/field_block.h"

namespace turnout {

class Http2RequestFields {
 public:
  /// `is_secure`: of the upstream's connection. The head has to live as long as the fields.
  Http2RequestFields(const RequestHead& head, const RequestContent& content, bool is_secure);
  Http2RequestFields(const Http2RequestFields&) = delete;
  Http2RequestFields& operator=(const Http2RequestFields&) = delete;

  const nghttp2_nv* data() const noexcept { return block_.data(); }
  std::size_t size() const noexcept { return block_.size(); }

 private:
  Http2FieldBlock block_;
  std::array<char, 24> length_{};
};

}  // namespace turnout
