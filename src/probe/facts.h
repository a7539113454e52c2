// What a probe asked and what came of it, as plain values: the causes are found in these, without any network.
//
//   Facts facts;
//   facts.attempts.push_back(co_await attempt(loop, ask, settings));
//   for (const Finding& finding : diagnose(facts)) ...
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/url.h"
#include "codec/http/fields.h"

namespace turnout::probe {

enum class Over : std::uint8_t { http1, http2 };

/// Why an attempt was made. The causes look for these.
enum class Purpose : std::uint8_t {
  offer,           // a row of the table: the token, asked for as it should be
  plain,           // the same request without any offer
  negotiation,     // TLS with both h2 and http/1.1 in ALPN
  without_origin,  // a failed offer again, with one thing changed
  without_extensions,
  without_subprotocol,
  without_fields,  // without what --header added
  as_get,          // a failed POST again
  without_expect,
  other_token,     // websocket, where another token was declined
  right_settings,  // h2c with our own HTTP2-Settings instead of the one that --header gave
  direct,          // the same offer, where --compare says
  direct_plain,
  early_bytes,  // the first frame behind the request, in the same segment
  half_close,   // our side ended behind what was sent
  hold_silent,  // --hold
  hold_pinging,
  made_up_token,  // --security
  foreign_origin,
  smuggled_h2c,
  after_refusal,  // a second request on the connection of a refused offer
  same_alone,     // the same second request on a connection of its own
  after_connect,  // a second request behind a refused CONNECT
  optimistic,     // a request in the same segment as the offer
};
std::string_view text(Purpose purpose) noexcept;

/// One request, and what to do once it was answered.
struct Ask {
  Purpose purpose = Purpose::offer;
  client::Url url;
  Over over = Over::http1;
  std::string token;  // "websocket", "h2c", ...; empty: nothing is offered
  std::string method = "GET";
  std::string version = "1.1";  // 1.0 or 1.1
  std::optional<std::string> origin;
  std::vector<std::string> subprotocols;
  bool extensions = true;
  std::optional<std::string> body;
  std::vector<std::pair<std::string, std::string>> fields;  // of --header; a name that we send too replaces ours
  std::optional<std::string> send;                          // on an unknown protocol, once it was switched to
  bool half_close = false;                                  // behind `send`
  std::uint64_t message_bytes = 0;                          // over WebSocket: also a message of that size
  std::uint64_t hold_ms = 0;                                // leave it open so long
  std::string early;                                        // bytes in the same segment as the request
  std::string second_target;                                // a GET for this behind a refused offer
};

enum class Ended : std::uint8_t {
  answered,     // a whole head came
  no_address,   // the name means nothing
  unreachable,  // refused, or no route
  connect_timeout,
  tls_failed,
  silent,  // no head within the time
  closed,  // the connection ended where the head was due
  reset,
  not_http,  // bytes that are no head
};

struct TlsFacts {
  std::string version, cipher, alpn, fault;
  std::vector<std::string> names;  // of the certificate
  std::string issuer;
  bool verified = false;
  bool certificate_fault = false;  // what failed is that nobody vouches for it
};

/// A rule that an answer breaks.
struct Violation {
  enum class Kind : std::uint8_t {
    upgrade_missing,
    connection_missing,
    token_not_offered,
    several_tokens,
    has_length,
    wrong_accept,
    accept_missing,
    extension_not_offered,
    subprotocol_not_offered,
    http10,
    before_expected_continue,
    other
  };
  Kind kind = Kind::other;
  std::string text;
  std::string section;  // "RFC 9110 section 7.8"
};

/// What speaking the new protocol showed.
struct Check {
  enum class State : std::uint8_t { none, unchecked, sound, broken };
  State state = State::none;
  std::string text;                // for the table
  std::vector<std::string> notes;  // for -v
  // WebSocket
  bool pong = false;
  bool echo = false;
  bool deflate = false;
  std::optional<double> ping_ms;
  std::optional<std::uint16_t> close_code;  // 1006 where the connection ended without a close frame
  bool closed_by_us_first = false;
  std::string close_reason;
  std::string fault;  // of the framing, in words
  bool frame_fault = false;
  bool masked = false;  // the server masks
  bool deflate_fault = false;
  std::optional<std::uint64_t> message_refused_bytes;  // the smallest that was refused
  std::optional<std::uint64_t> message_taken_bytes;    // the largest that was taken
  bool text_follows = false;                           // a second head of HTTP/1 behind the 101
  // HTTP/2
  bool settings = false;
  bool extended_connect = false;  // SETTINGS_ENABLE_CONNECT_PROTOCOL
  int stream_status = 0;
  std::string stream_server;
  std::uint32_t stream_error = 0;
  bool was_reset = false;
  // anything
  std::string received;  // the first bytes
  bool peer_ended = false;
  // --hold
  std::optional<std::uint64_t> lasted_ms;  // until the peer ended it; nothing: it was still open
  std::uint64_t began_at_ms = 0;           // on the probe's clock
  bool reset = false;
};

struct Attempt {
  Ask ask;
  Ended ended = Ended::closed;
  std::string fault;  // a sentence, where there was no answer
  std::string address;
  double connect_ms = 0, tls_ms = 0, answer_ms = 0;
  std::optional<TlsFacts> tls;
  std::string sent;          // the head
  std::string key;           // Sec-WebSocket-Key
  std::string received;      // the head, as it came
  std::string strict_fault;  // what the strict parser says of the head
  int status = 0;
  std::string version;  // "1.1"
  FieldList fields;
  std::vector<int> interim;
  std::string body;                   // its beginning
  std::string behind_head;            // the first bytes behind a 101
  std::vector<Violation> violations;  // of a 101
  bool switched = false;              // a 101 to an offer, or a 2xx to extended CONNECT, without a violation
  Check check;
  // A second request on the same connection.
  std::optional<int> second_status;
  std::string second_received;

  bool is_answer(int wanted) const noexcept { return ended == Ended::answered && status == wanted; }
  bool answered() const noexcept { return ended == Ended::answered; }
  bool accepted() const noexcept {
    return answered() && (ask.over == Over::http2 ? status / 100 == 2 : status == 101) && !ask.token.empty();
  }
  bool is_sound() const noexcept { return switched && check.state != Check::State::broken; }
  std::string_view field(std::string_view name) const noexcept {
    return fields.find(name).value_or(std::string_view());
  }
};

/// What the person asked for, as far as the causes need it.
struct Wanted {
  client::Url url;
  std::optional<client::Url> compare;
  std::vector<std::string> tokens;  // of --token, or websocket for ws://; empty: whatever there is
  Over over = Over::http1;
  bool security = false;
  std::uint64_t hold_ms = 0;
};

struct Facts {
  Wanted wanted;
  std::vector<Attempt> attempts;

  const Attempt* find(Purpose purpose, std::string_view token = {}) const noexcept;
  const Attempt* find(Purpose purpose, std::string_view token, Over over) const noexcept;
  /// The failed offers that matter: those of tokens that were asked for.
  bool is_wanted(std::string_view token) const noexcept;
};

}  // namespace turnout::probe
