#include "codec/http1/request_writer.h"

#include "codec/http/authority.h"

namespace turnout {
namespace {

bool is_sendable(const RequestHead& head) noexcept {
  if (head.method.empty() || !all_in(head.method, Chars::token)) return false;
  if (head.target.empty() || !all_in(head.target, Chars::target)) return false;
  return parse_authority(head.authority).has_value();
}

}  // namespace

WrittenHead append_request_head(PooledString& out, const RequestHead& head, const HeadTail& tail) {
  if (!is_sendable(head)) return {0, false};
  const std::size_t before = out.size();
  const std::size_t room = head.method.size() + head.target.size() + head.authority.size() + 32 +
                           field_bytes_max(head.fields) + tail_bytes_max(tail);
  WrittenHead written;
  out.resize_and_overwrite(before + room, [&](char* data, std::size_t) {
    HeadText text(data + before);
    text.put(head.method);
    text.put(" ");
    text.put(head.target);
    text.put(" HTTP/1.1\r\n");
    text.field("Host", head.authority);
    for (Field field : head.fields) {
      if (is_own_field(field.name) || iequals(field.name, "host")) continue;
      if (!is_safe_field(field)) {
        written.complete = false;
        continue;
      }
      text.field(field.name, field.value);
    }
    written.complete = put_tail(text, tail, true) && written.complete;
    text.put("\r\n");
    written.bytes = static_cast<std::size_t>(text.at() - data) - before;
    return before + written.bytes;
  });
  return written;
}

}  // namespace turnout
