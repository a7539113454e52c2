// The fields that ask for another protocol: Upgrade, HTTP2-Settings, Sec-WebSocket-*. Lines of the input are values in
// turn.
#include <cstdlib>
#include <string_view>

#include "codec/http/message.h"
#include "codec/http/upgrade.h"
#include "codec/websocket/extensions.h"
#include "codec/websocket/handshake.h"
#include "protocols/http2/settings.h"

using namespace turnout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view names[] = {"Upgrade",
                                               "HTTP2-Settings",
                                               "Sec-WebSocket-Key",
                                               "Sec-WebSocket-Extensions",
                                               "Sec-WebSocket-Protocol",
                                               "Sec-WebSocket-Version",
                                               "Origin",
                                               "Connection"};
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  RequestHead head;
  head.method = "GET";
  head.authority = "a";
  for (std::size_t i = 0; !rest.empty() && i < 32; ++i) {
    const std::size_t end = rest.find('\n');
    head.fields.add(names[i % std::size(names)], rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  const auto tokens = parse_upgrade(head.fields);
  if (tokens) {
    if (tokens->size() > upgrade_tokens_max) std::abort();
    for (const UpgradeToken& token : *tokens) {
      if (!is_token(token.name)) std::abort();
    }
  }
  if (const auto value = head.fields.find("http2-settings"); value) (void)decode_http2_settings(*value, Limits{});
  const auto handshake = websocket::check_request(head);
  if (handshake) {
    FieldList answer;
    websocket::add_answer_fields(*handshake, "", answer);
    for (const Field field : answer) {
      if (field.value.find_first_of("\r\n") != std::string_view::npos) std::abort();
    }
  }
  (void)websocket::origin_allowed(head, OriginPolicy{});
  if (const auto value = head.fields.find("sec-websocket-extensions"); value) {
    if (const auto offers = websocket::parse_extensions(*value); offers) (void)websocket::choose_deflate(*offers, {});
  }
  return 0;
}
