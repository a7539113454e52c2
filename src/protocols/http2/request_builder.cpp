#include "protocols/http2/request_builder.h"

#include "base/ascii.h"
#include "codec/http/authority.h"
#include "codec/http/grammar.h"

namespace turnout {
namespace {

constexpr std::size_t method_bytes_max = 32;
// RFC 9113 section 10.5.1: what each field of a section counts beside its name and value.
constexpr std::size_t field_overhead_bytes = 32;

std::unexpected<Http2Refusal> fails(int status, Why why, std::string_view text) {
  return std::unexpected(Http2Refusal{status, why, text});
}

std::unexpected<Http2Refusal> bad(std::string_view text) {
  return fails(400, Why::malformed, text);
}

/// Lower case, and without the colon of an empty port, so that equal authorities are equal strings.
void normalise_authority(PooledString& text) {
  if (text.ends_with(':')) text.pop_back();
  for (char& c : text) c = lower(c);
}

}  // namespace

void Http2RequestBuilder::add(std::string_view name, std::string_view value) {
  // Every decoded field counts, crumbs of a cookie too (H4), before anything of it is kept.
  ++count_;
  bytes_ += name.size() + value.size() + field_overhead_bytes;
  if (too_large_) return;
  if (count_ > limits_.fields_max || bytes_ > limits_.head_bytes_max) {
    drop_everything();
    return;
  }
  if (name.starts_with(':')) {
    add_pseudo(name, value);
    return;
  }
  if (name == "cookie") {
    // RFC 9113 section 8.2.3: crumbs are one field again for whoever reads them.
    if (!cookie_.empty()) cookie_.append("; ");
    cookie_.append(value);
    return;
  }
  if (name == "host") {
    has_host_ = true;
    host_.assign(value);
    return;
  }
  // Belongs to the hop of an HTTP/1.1 upgrade, and must go no further (law L5).
  if (name == "http2-settings") return;
  // Programs behind us often fold '_' and '-' into one; a name with '_' could pose as a trusted one (S13).
  if (name.find('_') != std::string_view::npos) return;
  head_.fields.add(name, value);
}

void Http2RequestBuilder::add_pseudo(std::string_view name, std::string_view value) {
  if (name == ":method") {
    head_.method.assign(value);
  } else if (name == ":path") {
    head_.target.assign(value);
  } else if (name == ":scheme") {
    scheme_.assign(value);
  } else if (name == ":authority") {
    has_authority_ = true;
    head_.authority.assign(value);
  } else if (name == ":protocol") {
    head_.protocol.assign(value);
  }
}

void Http2RequestBuilder::drop_everything() noexcept {
  too_large_ = true;
  head_.fields = FieldList();
  cookie_ = PooledString();
}

Http2RequestBuilder::Checked Http2RequestBuilder::check_scheme() const {
  if (scheme_ != "http" && scheme_ != "https") return bad(":scheme has to be http or https");
  // RFC 9110 section 7.4: an https resource is not served over a connection that is not secured.
  if (scheme_ == "https" && !head_.secure) {
    return fails(421, Why::malformed, "an https resource was asked for without TLS");
  }
  return {};
}

Http2RequestBuilder::Checked Http2RequestBuilder::take_authority() {
  if (has_authority_) normalise_authority(head_.authority);
  if (has_host_) {
    normalise_authority(host_);
    // RFC 9113 section 8.3.1: both have to say the same; a hop in front may have routed by the other (H9).
    if (has_authority_ && host_ != head_.authority) return bad("host differs from :authority");
    head_.authority = std::move(host_);
  }
  if (!parse_authority(head_.authority)) {
    return bad(":authority has to be a host name or address, and a port if need be");
  }
  return {};
}

Http2RequestBuilder::Checked Http2RequestBuilder::check_target() const {
  if (head_.method.size() + head_.target.size() > limits_.request_line_bytes_max) {
    return fails(414, Why::limit, "the request target is longer than the limit");
  }
  if (head_.target == "*") {
    if (head_.method == "OPTIONS") return {};
    return bad("the target '*' is for OPTIONS only");
  }
  if (!head_.target.starts_with('/')) return bad(":path has to begin with '/'");
  if (!all_in(head_.target, Chars::target)) return bad(":path holds a byte that has to be percent-encoded");
  return {};
}

std::expected<RequestHead, Http2Refusal> Http2RequestBuilder::finish() {
  head_.version = HttpVersion::http2;
  if (too_large_) return fails(431, Why::limit, "the header fields are longer, or more, than the limit");
  if (!is_token(head_.method)) return bad(":method has to be a token");
  // The first line of the connection preface looks like a request; as one it was smuggled past a hop (U13).
  if (head_.method == "PRI") return bad("PRI is not a method");
  if (head_.method.size() > method_bytes_max) {
    return fails(501, Why::not_implemented, "the method is longer than any that is implemented");
  }
  if (auto taken = take_authority(); !taken) return std::unexpected(taken.error());
  if (head_.method == "CONNECT" && head_.protocol.empty()) {
    // RFC 9113 section 8.5: host and port, and neither :scheme nor :path.
    if (!parse_authority(head_.authority)->port) return bad("the target of CONNECT has to be host:port");
    head_.target = head_.authority;
  } else {
    if (auto checked = check_scheme(); !checked) return std::unexpected(checked.error());
    if (auto checked = check_target(); !checked) return std::unexpected(checked.error());
  }
  // RFC 9110 section 9.3.6: a CONNECT has no content, so a length of it could only be that of something smuggled.
  if (head_.method == "CONNECT" && head_.fields.has("content-length")) return bad("CONNECT has no content-length");
  if (!cookie_.empty()) head_.fields.add("cookie", cookie_);
  return std::move(head_);
}

}  // namespace turnout
