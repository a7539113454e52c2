// Heads of HTTP/1.1: what is taken can be written again and read the same, and being cut into pieces changes nothing.
#include <cstdlib>

#include "base/bytes.h"
#include "codec/http1/request_parser.h"
#include "codec/http1/response_parser.h"

using namespace turnout;

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

/// Finds the end of the head with the input given in growing pieces.
std::expected<std::size_t, HeadError> scan(Bytes input, std::size_t step, HeadScanner::Kind kind) {
  HeadScanner scanner(kind);
  for (std::size_t n = step; n < input.size(); n += step) {
    const auto found = scanner.feed(input.first(n), Limits{});
    if (!found || *found != 0) return found;
  }
  return scanner.feed(input, Limits{});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  for (const HeadScanner::Kind kind : {HeadScanner::Kind::request, HeadScanner::Kind::response}) {
    const auto whole = scan(input, size + 1, kind);
    const auto pieces = scan(input, 1, kind);
    check(whole.has_value() == pieces.has_value());
    if (!whole || *whole == 0) continue;
    check(*whole == *pieces && *whole <= size);
    if (kind == HeadScanner::Kind::response) {
      (void)parse_response(input.first(*whole), Limits{}, "GET");
      continue;
    }
    const auto request = parse_request(input.first(*whole), Limits{}, false);
    if (!request) continue;
    check(request->head_bytes == *whole);
    check(request->head.method != "PRI");
    for (const Field field : request->head.fields) {
      check(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
      check(is_token(field.name));
    }
  }
  return 0;
}
