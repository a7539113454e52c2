#include "protocols/http2/response_fields.h"

#include <charconv>

#include "base/ascii.h"
#include "codec/http/grammar.h"

namespace turnout {
namespace {

/// Fields that mean nothing beyond one hop of HTTP/1.1, or that this side writes itself. A response of HTTP/2 never
/// carries Upgrade (U17).
bool is_left_out(std::string_view name) noexcept {
  for (const std::string_view own : {"connection", "upgrade", "transfer-encoding", "content-length", "keep-alive",
                                     "proxy-connection", "te", "trailer", "http2-settings", "sec-websocket-accept"}) {
    if (iequals(name, own)) return true;
  }
  return false;
}

}  // namespace

Http2ResponseFields::Http2ResponseFields(const ResponseHead& head, const Http2HeadTail& tail) {
  // A status that does not fit, or a 1xx where the answer is due, is the fault of whoever made it; 101 above all does
  // not exist here (RFC 9113 section 8.6).
  const int status = head.status >= 200 && head.status <= 999 ? head.status : 500;
  std::to_chars(status_.data(), status_.data() + 3, status);
  list_.reserve(head.fields.size() + 3);
  names_.reserve(head.fields.bytes());
  add(":status", {status_.data(), 3});
  bool dated = false;
  for (const Field field : head.fields) {
    if (is_left_out(field.name)) continue;
    // A value cannot split anything here, but the next hop may speak HTTP/1.1.
    if (!is_token(field.name) || !all_in(field.value, Chars::value)) continue;
    const std::size_t begin = names_.size();
    for (const char c : field.name) names_.push_back(lower(c));
    const std::string_view name(names_.data() + begin, field.name.size());
    dated = dated || name == "date";
    add(name, trim(field.value));
  }
  if (!dated && !tail.date.empty()) add("date", tail.date);
  if (tail.content_length && status != 204) {
    const auto end = std::to_chars(length_.data(), length_.data() + length_.size(), *tail.content_length).ptr;
    add("content-length", {length_.data(), static_cast<std::size_t>(end - length_.data())});
  }
}

void Http2ResponseFields::add(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads them
  };
  list_.push_back({bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE});
}

}  // namespace turnout
