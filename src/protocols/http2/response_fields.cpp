#include "protocols/http2/response_fields.h"

#include <charconv>

#include "base/ascii.h"

namespace turnout {
namespace {

/// Fields that this side writes itself, or that a response has no use for.
bool is_left_out(std::string_view name) noexcept {
  return iequals(name, "content-length") || iequals(name, "te") || iequals(name, "trailer");
}

}  // namespace

Http2ResponseFields::Http2ResponseFields(const ResponseHead& head, const Http2HeadTail& tail) : block_(head.fields, 3) {
  // A status that does not fit, or a 1xx where the answer is due, is the fault of whoever made it; 101 above all does
  // not exist here (RFC 9113 section 8.6).
  const int status = head.status >= 200 && head.status <= 999 ? head.status : 500;
  add_status(status);
  block_.add_all(head.fields, &is_left_out);
  if (!tail.date.empty() && !head.fields.has("date")) block_.add("date", tail.date);
  if (tail.content_length && status != 204) {
    const auto end = std::to_chars(length_.data(), length_.data() + length_.size(), *tail.content_length).ptr;
    block_.add("content-length", {length_.data(), static_cast<std::size_t>(end - length_.data())});
  }
}

Http2ResponseFields::Http2ResponseFields(const ResponseHead& interim) : block_(interim.fields, 1) {
  add_status(interim.status);
  block_.add_all(interim.fields, &is_left_out);
}

void Http2ResponseFields::add_status(int status) {
  std::to_chars(status_.data(), status_.data() + 3, status);
  block_.add(":status", {status_.data(), 3});
}

}  // namespace turnout
