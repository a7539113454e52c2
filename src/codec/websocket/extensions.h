// Sec-WebSocket-Extensions (RFC 6455 section 9.1) and what permessage-deflate says in it (RFC 7692 section 7.1).
//
//   auto offers = parse_extensions("permessage-deflate; client_max_window_bits, permessage-deflate");
//   std::optional<Deflate> deflate = choose_deflate(*offers, DeflatePolicy{});
//   std::string answer = deflate ? to_answer(*deflate) : "";
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace turnout::websocket {

struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;  // without the quotes, where it had some
};

struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters;
};

/// The whole grammar: tokens, parameters, quoted strings (whose content has to be a token too). Nothing where the
/// text breaks it. An empty list is a fault as well: the field is 1#extension.
std::optional<std::vector<Extension>> parse_extensions(std::string_view list);

/// What was agreed on.
struct Deflate {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::uint8_t server_max_window_bits = 15;
  std::uint8_t client_max_window_bits = 15;
  bool server_window_named = false;  // the answer holds server_max_window_bits, because the offer did
  bool client_window_named = false;  // likewise client_max_window_bits

  friend bool operator==(const Deflate&, const Deflate&) = default;
};

/// What this side wants. The defaults keep no compression memory between messages, and little during one (W12);
/// they also keep one message's secrets out of the window of the next.
struct DeflatePolicy {
  bool enabled = true;
  bool server_no_context_takeover = true;
  bool client_no_context_takeover = true;
  std::uint8_t server_max_window_bits = 12;
  std::uint8_t client_max_window_bits = 12;
};

/// Server: the first offer that can be accepted. Offers with unknown, repeated or invalid parameters are declined
/// (RFC 7692 section 7).
std::optional<Deflate> choose_deflate(const std::vector<Extension>& offers, const DeflatePolicy& policy);
/// Server: the field value of the answer.
std::string to_answer(const Deflate& deflate);

/// Client: the field value of the offer.
std::string to_offer(const DeflatePolicy& policy);
/// Client: what the server's answer agrees to. Nothing where it is not an answer to to_offer(policy).
std::optional<Deflate> check_deflate_answer(const std::vector<Extension>& answer, const DeflatePolicy& policy);

}  // namespace turnout::websocket
