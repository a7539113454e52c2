#include "codec/http1/response_writer.h"

namespace turnout {
namespace {

WrittenHead write(char* to, const ResponseHead& head, const HeadTail& tail) noexcept {
  // A status that does not fit into three digits would shift the line; whoever made it is at fault, not the client.
  const int status = head.status >= 100 && head.status <= 999 ? head.status : 500;
  bool complete = status == head.status;

  HeadText text(to);
  // A server names the version that it speaks, to a client of HTTP/1.0 as well (RFC 9110 section 2.5).
  text.put("HTTP/1.1 ");
  text.put(static_cast<std::uint64_t>(status));
  text.put(" ");
  text.put(reason_phrase(status));
  text.put("\r\n");
  bool dated = false;
  for (Field field : head.fields) {
    if (is_own_field(field.name)) continue;
    if (!is_safe_field(field)) {
      complete = false;
      continue;
    }
    dated = dated || (field.name.size() == 4 && iequals(field.name, "date"));
    text.field(field.name, field.value);
  }
  if (!dated && !tail.date.empty()) {
    if (is_safe_value(tail.date)) {
      text.field("Date", tail.date);
    } else {
      complete = false;
    }
  }
  // RFC 9110 section 8.6 and RFC 9112 section 6.1: neither length nor coding in 1xx and 204.
  const bool may_have_body = status >= 200 && status != 204;
  complete = put_tail(text, tail, may_have_body) && complete;
  text.put("\r\n");
  return {static_cast<std::size_t>(text.at() - to), complete};
}

}  // namespace

std::size_t response_head_bytes_max(const ResponseHead& head, const HeadTail& tail) noexcept {
  return 64 + field_bytes_max(head.fields) + tail_bytes_max(tail);
}

WrittenHead write_response_head(std::span<char> out, const ResponseHead& head, const HeadTail& tail) noexcept {
  if (out.size() < response_head_bytes_max(head, tail)) return {0, false};
  return write(out.data(), head, tail);
}

bool append_response_head(PooledString& out, const ResponseHead& head, const HeadTail& tail) {
  const std::size_t before = out.size();
  bool complete = true;
  out.resize_and_overwrite(before + response_head_bytes_max(head, tail), [&](char* data, std::size_t) {
    const WrittenHead written = write(data + before, head, tail);
    complete = written.complete;
    return before + written.bytes;
  });
  return complete;
}

}  // namespace turnout
