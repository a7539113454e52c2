#include "proxy/http2_request_fields.h"

#include <charconv>

#include "base/ascii.h"

namespace turnout {
namespace {

/// Fields that this side writes itself. Host is :authority (RFC 9113 section 8.3.1).
bool is_left_out(std::string_view name) noexcept {
  return iequals(name, "host") || iequals(name, "content-length") || iequals(name, "te");
}

}  // namespace

Http2RequestFields::Http2RequestFields(const RequestHead& head, const RequestContent& content, bool is_secure)
    : block_(head.fields, 7) {
  block_.add(":method", head.method);
  if (head.method == "CONNECT" && head.protocol.empty()) {
    block_.add(":authority", head.target);  // RFC 9113 section 8.5: neither :scheme nor :path
  } else {
    if (!head.protocol.empty()) block_.add(":protocol", head.protocol);
    block_.add(":scheme", is_secure ? "https" : "http");
    if (!head.authority.empty()) block_.add(":authority", head.authority);
    block_.add(":path", head.target);
  }
  block_.add_all(head.fields, &is_left_out);
  // The one value of TE that HTTP/2 knows (RFC 9113 section 8.2.2); gRPC cannot do without.
  if (head.fields.has_token("te", "trailers")) block_.add("te", "trailers");
  if (content.is_empty || !content.length) return;
  const auto end = std::to_chars(length_.data(), length_.data() + length_.size(), *content.length).ptr;
  block_.add("content-length", {length_.data(), static_cast<std::size_t>(end - length_.data())});
}

}  // namespace turnout
