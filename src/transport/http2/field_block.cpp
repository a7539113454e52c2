#include "transport/http2/field_block.h"

#include "base/ascii.h"
#include "codec/http/grammar.h"
#include "codec/http1/chunked.h"
#include "transport/http2/field.h"

namespace turnout {
namespace {

/// Fields that mean nothing beyond one hop of HTTP/1.1. A message of HTTP/2 never carries Upgrade (U17).
bool is_of_one_hop(std::string_view name) noexcept {
  for (const std::string_view own : {"connection", "upgrade", "transfer-encoding", "keep-alive", "proxy-connection",
                                     "http2-settings", "sec-websocket-accept"}) {
    if (iequals(name, own)) return true;
  }
  return false;
}

}  // namespace

Http2FieldBlock::Http2FieldBlock(const FieldList& fields, std::size_t more) {
  list_.reserve(fields.size() + more);
  names_.reserve(fields.bytes());
}

void Http2FieldBlock::add(std::string_view name, std::string_view value) {
  list_.push_back(http2_field(name, value));
}

void Http2FieldBlock::add_all(const FieldList& fields, bool (*is_left_out)(std::string_view name) noexcept) {
  for (const Field field : fields) {
    if (is_of_one_hop(field.name) || is_left_out(field.name)) continue;
    // A value cannot split anything here, but the next hop may speak HTTP/1.1.
    if (!is_token(field.name) || !all_in(field.value, Chars::value)) continue;
    const std::size_t begin = names_.size();
    for (const char c : field.name) names_.push_back(lower(c));
    add({names_.data() + begin, field.name.size()}, trim(field.value));
  }
}

void Http2FieldBlock::add_trailers(const FieldList& fields) {
  add_all(fields, &is_forbidden_trailer);
}

}  // namespace turnout
