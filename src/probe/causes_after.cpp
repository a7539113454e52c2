// Causes in the 101 itself and behind it.
#include <algorithm>

#include "base/ascii.h"
#include "codec/http/upgrade.h"
#include "probe/catalogue.h"
#include "probe/evidence.h"
#include "probe/request_text.h"

namespace turnout::probe {
namespace causes_after {
namespace {

using enum Product;
using Kind = Violation::Kind;

constexpr Fix accept[] = {{nginx, "# remove: proxy_set_header Sec-WebSocket-Key ...;"}};
constexpr Fix idle[] = {
    {nginx, "proxy_read_timeout 1h;   # 60s unless set; or let the application ping more often than that"},
    {haproxy, "timeout tunnel 1h"},
    {apache, "ProxyTimeout 3600   # or: ProxyWebsocketIdleTimeout 3600"},
    {nghttpx, "backend-read-timeout=3600\nbackend-write-timeout=3600"},
    {h2o, "proxy.timeout.io: 3600000"},
    {lighttpd, "server.max-read-idle = 3600\nserver.max-write-idle = 3600"},
    {envoy, "stream_idle_timeout: 0s"},
    {iis, "<webSocket pingInterval=\"00:00:30\" />"},
    {turnout, "proxy = { to = \"backend\", idle = \"1h\" }"},
};
constexpr Fix lifetime[] = {
    {envoy, "max_stream_duration: {}   # and timeout: 0s on the route"},
    {turnout, "proxy = { to = \"backend\", lifetime = \"unlimited\" }"},
};
constexpr Fix reload[] = {
    {caddy, "reverse_proxy backend:9000 {\n    stream_close_delay 5m\n}"},
    {nginx, "worker_shutdown_timeout 1h;"},
    {turnout, "drain = \"60s\""},
};
constexpr Fix half_close[] = {
    {nginx,
     "# nginx ends a tunnel when either side does: reach the backend through one that relays the end of one side"}};
constexpr Fix message[] = {
    {iis, "<webSocket receiveBufferLimit=\"4194304\" />"},
    {turnout, "[websocket]\nmessage_bytes_max = \"16MiB\""},
};
constexpr Fix compression[] = {
    {nginx, "proxy_set_header Sec-WebSocket-Extensions \"\";"},
    {haproxy, "http-request del-header Sec-WebSocket-Extensions"},
};

template <class... Kinds>
std::optional<Evidence> violation(const Facts& facts, int confidence, Kinds... kinds) {
  for (const Attempt* offer : accepted_offers(facts)) {
    for (const Violation& one : offer->violations) {
      if (((one.kind == kinds) || ...)) return yes(confidence, "the 101: " + one.text);
    }
  }
  return std::nullopt;
}

std::optional<Evidence> accept_wrong(const Facts& facts) {
  return violation(facts, 96, Kind::wrong_accept, Kind::accept_missing);
}

std::optional<Evidence> token_not_requested(const Facts& facts) {
  if (const Attempt* plain = plain_of(facts); plain != nullptr && plain->is_answer(101)) {
    return yes(95, "the answer to a request without any offer is 101");
  }
  return violation(facts, 95, Kind::token_not_offered, Kind::several_tokens);
}

std::optional<Evidence> framing_in_101(const Facts& facts) {
  return violation(facts, 95, Kind::has_length);
}

std::optional<Evidence> two_heads(const Facts& facts) {
  for (const Attempt* offer : accepted_offers(facts)) {
    if (!offer->check.text_follows) continue;
    const std::string& seen = offer->behind_head.empty() ? offer->check.received : offer->behind_head;
    return yes(97, "behind the 101 there is " + printable(seen.substr(0, seen.find('\r')), 80));
  }
  return std::nullopt;
}

std::optional<Evidence> success_instead_of_101(const Facts& facts) {
  for (const Attempt* offer : declined_offers(facts)) {
    if (offer->ask.over == Over::http2 || offer->status / 100 != 2) continue;
    if (offer->fields.has("Sec-WebSocket-Accept")) {
      return yes(95, fmt::format("{} with Sec-WebSocket-Accept: the backend switched, and the status was changed",
                                 offer->status));
    }
    const auto named = parse_upgrade(offer->fields);
    const Attempt* plain = plain_of(facts);
    const bool only_here = plain == nullptr || !plain->fields.has("Upgrade");
    if (named && named->size() == 1 && iequals(named->front().text, offer->ask.token) && only_here &&
        !is_http2(offer->ask.token)) {
      return yes(90, fmt::format("{} with Upgrade: {}, and no switch", offer->status, printable(offer->ask.token, 60)));
    }
    const Attempt* direct = accepted_variation(facts, Purpose::direct, *offer);
    const bool is_empty = offer->body.empty() && plain != nullptr && !plain->body.empty();
    if (direct != nullptr && is_empty) {
      return yes(
          89, fmt::format("an empty {} where the backend itself says 101, and a page without an offer", offer->status));
    }
  }
  return std::nullopt;
}

std::optional<Evidence> early_bytes_lost(const Facts& facts) {
  const Attempt* early = facts.find(Purpose::early_bytes);
  if (early == nullptr || !early->accepted()) return std::nullopt;
  const bool arrived = is_websocket(early->ask.token) ? early->check.pong : !early->check.received.empty();
  if (arrived) return std::nullopt;
  return yes(94, "what is sent behind the request, before the 101, is not answered; behind the 101 it is");
}

struct Holds {
  std::vector<const Attempt*> silent, pinging;
};
Holds holds(const Facts& facts) {
  Holds list;
  for (const Attempt& one : facts.attempts) {
    if (!one.switched) continue;
    if (one.ask.purpose == Purpose::hold_silent) list.silent.push_back(&one);
    if (one.ask.purpose == Purpose::hold_pinging) list.pinging.push_back(&one);
  }
  return list;
}
bool all_ended(const std::vector<const Attempt*>& list) {
  return !list.empty() &&
         std::ranges::all_of(list, [](const Attempt* one) { return one->check.lasted_ms.has_value(); });
}
std::string seconds(std::uint64_t ms) {
  return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
}

/// They were opened one after the other, and ended together.
bool ended_together(const Holds& all) {
  std::uint64_t first_end = ~0ull, last_end = 0, first_begin = ~0ull, last_begin = 0;
  for (const auto* list : {&all.silent, &all.pinging}) {
    for (const Attempt* one : *list) {
      const std::uint64_t end = one->check.began_at_ms + *one->check.lasted_ms;
      first_end = std::min(first_end, end);
      last_end = std::max(last_end, end);
      first_begin = std::min(first_begin, one->check.began_at_ms);
      last_begin = std::max(last_begin, one->check.began_at_ms);
    }
  }
  return last_begin - first_begin >= 100 && last_end - first_end < (last_begin - first_begin) / 2;
}

std::optional<Evidence> idle_timeout(const Facts& facts) {
  const Holds all = holds(facts);
  if (!all_ended(all.silent) || all.pinging.empty()) return std::nullopt;
  const std::uint64_t silent_ms = *all.silent.front()->check.lasted_ms;
  for (const Attempt* one : all.pinging) {
    if (one->check.lasted_ms && *one->check.lasted_ms < silent_ms + silent_ms / 4) return std::nullopt;
  }
  return yes(93, fmt::format("a silent connection is ended after {}, one with pings is not", seconds(silent_ms)));
}

std::optional<Evidence> lifetime_over(const Facts& facts) {
  const Holds all = holds(facts);
  if (!all_ended(all.silent) || !all_ended(all.pinging) || ended_together(all)) return std::nullopt;
  const std::uint64_t silent_ms = *all.silent.front()->check.lasted_ms;
  const std::uint64_t pinging_ms = *all.pinging.front()->check.lasted_ms;
  const std::uint64_t apart_ms = std::max(silent_ms, pinging_ms) - std::min(silent_ms, pinging_ms);
  if (apart_ms > std::max<std::uint64_t>(silent_ms / 5, 150)) return std::nullopt;
  return yes(92, fmt::format("connections are ended after {}, silent or not", seconds(silent_ms)));
}

std::optional<Evidence> dropped_together(const Facts& facts) {
  const Holds all = holds(facts);
  if (!all_ended(all.silent) || !all_ended(all.pinging) || !ended_together(all)) return std::nullopt;
  const auto code = all.silent.front()->check.close_code;
  return yes(94,
             fmt::format("{} connections of different ages ended together{}", all.silent.size() + all.pinging.size(),
                         code ? fmt::format(", with {}", *code) : std::string()));
}

std::optional<Evidence> message_too_big(const Facts& facts) {
  std::optional<std::uint64_t> refused;
  std::uint64_t taken = 0;
  std::string how;
  for (const Attempt& one : facts.attempts) {
    taken = std::max(taken, one.check.message_taken_bytes.value_or(0));
    if (one.check.message_refused_bytes && (!refused || *one.check.message_refused_bytes < *refused)) {
      refused = one.check.message_refused_bytes;
      how = one.check.close_code ? fmt::format("close {}", *one.check.close_code) : "no close frame";
    }
  }
  if (!refused) return std::nullopt;
  return yes(94, fmt::format("a message of {} bytes is taken, one of {} is refused: {}", taken, *refused, how));
}

std::optional<Evidence> framing_error(const Facts& facts) {
  for (const Attempt* offer : accepted_offers(facts)) {
    const Check& check = offer->check;
    if (!offer->switched || check.text_follows) continue;
    if (check.masked) return yes(95, "the server masks its frames, which only clients do");
    if (check.frame_fault && !check.deflate_fault) return yes(90, check.fault);
    const bool by_server = check.close_code == 1002 && !check.message_refused_bytes;
    if (by_server && !check.deflate) return yes(86, "the server closes with 1002 after valid frames");
  }
  return std::nullopt;
}

std::optional<Evidence> half_close_unsupported(const Facts& facts) {
  const Attempt* with = facts.find(Purpose::half_close);
  if (with == nullptr || !with->accepted()) return std::nullopt;
  const Attempt* base = facts.find(Purpose::offer, with->ask.token);
  if (base == nullptr || base->check.received.empty() || with->check.received.size() >= base->check.received.size()) {
    return std::nullopt;
  }
  return yes(91, fmt::format("{} bytes are answered, and {} where our side had ended behind the question",
                             base->check.received.size(), with->check.received.size()));
}

std::optional<Evidence> pings_not_answered(const Facts& facts) {
  for (const Attempt* offer : accepted_offers(facts)) {
    const Check& check = offer->check;
    const bool spoken = is_websocket(offer->ask.token) && offer->switched && offer->ask.hold_ms == 0;
    if (spoken && !check.pong && !check.frame_fault && !check.text_follows && !check.peer_ended && !check.masked &&
        check.state == Check::State::broken &&
        (!check.close_code || *check.close_code < 1002 || *check.close_code == 1006)) {
      return yes(89, "no pong came for a ping");
    }
  }
  return std::nullopt;
}

std::optional<Evidence> compression_desync(const Facts& facts) {
  for (const Attempt* offer : accepted_offers(facts)) {
    const Check& check = offer->check;
    if (!offer->switched || !check.deflate || offer->is_sound()) continue;
    if (accepted_variation(facts, Purpose::without_extensions, *offer) == nullptr) continue;
    return yes(93, fmt::format("with permessage-deflate: {}; sound without it", printable(check.text, 120)));
  }
  return std::nullopt;
}

constexpr Cause bad_101[] = {
    {"P40", "accept-wrong", "Sec-WebSocket-Accept does not prove that the key was read", "RFC 6455 section 4.2.2",
     "make it of the key that arrived and the GUID of the RFC; let no hop change the key", accept, &accept_wrong},
    {"P41",
     "token-not-requested",
     "the 101 names a protocol that was not offered",
     "RFC 9110 section 7.8",
     "switch to what was offered, or answer without a switch",
     {},
     &token_not_requested},
    {"P42",
     "101-with-framing",
     "the 101 has Content-Length or Transfer-Encoding, and clients wait for a body",
     "RFC 9110 section 8.6, RFC 9112 section 6.1",
     "take the field out of the 101",
     {},
     &framing_in_101},
    {"P43",
     "two-heads",
     "a second answer in HTTP/1.1 follows the 101",
     "RFC 9112 section 2.1",
     "let only one of proxy and server answer the offer",
     {},
     &two_heads},
    {"P44",
     "2xx-for-upgrade",
     "the switch was agreed on, and the status says otherwise",
     "RFC 9110 section 15.2.2",
     "let the proxy pass the 101 on as it is",
     {},
     &success_instead_of_101},
};

constexpr Cause after[] = {
    {"P50",
     "early-bytes-lost",
     "bytes that arrive before the 101 was passed on are dropped",
     "RFC 9931",
     "hand the buffer over with the connection; clients: wait for the 101",
     {},
     &early_bytes_lost},
    {"P51", "idle-timeout", "a connection on which nothing happens is ended", "RFC 6455 section 5.5.2",
     "raise the limit, or ping more often than it", idle, &idle_timeout},
    {"P52", "max-lifetime", "a connection is ended at a certain age, whatever happens on it", "RFC 6455 section 7.1.1",
     "raise the limit, and let clients connect again", lifetime, &lifetime_over},
    {"P53", "reload-drop", "many connections are ended at the same moment, as by a reload", "RFC 6455 section 7.4.1",
     "drain connections over time", reload, &dropped_together},
    {"P54", "message-too-big", "a message above a certain size is refused", "RFC 6455 section 7.4.1",
     "raise the limit, or send smaller messages", message, &message_too_big},
    {"P55",
     "framing-error",
     "frames break the rules of framing",
     "RFC 6455 section 5.2",
     "repair the implementation, or the hop that touches frames",
     {},
     &framing_error},
    {"P56", "half-close-unsupported", "the end of the client's side ends the server's answer too",
     "RFC 9112 section 9.6", "use a hop that relays the end of one side alone", half_close, &half_close_unsupported},
    {"P57",
     "keepalive-mismatch",
     "pings are not answered",
     "RFC 6455 section 5.5.2",
     "answer each ping; let no hop take control frames out",
     {},
     &pings_not_answered},
    {"P58", "compression-desync", "compressed messages cannot be restored", "RFC 7692 section 7.2",
     "keep the window of each direction as it was agreed on, or leave compression out", compression,
     &compression_desync},
};

}  // namespace
}  // namespace causes_after

std::span<const Cause> causes_of_a_bad_101() {
  return causes_after::bad_101;
}
std::span<const Cause> causes_after_the_switch() {
  return causes_after::after;
}

}  // namespace turnout::probe
