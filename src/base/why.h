// Why: the reason behind a decision. One list for the transcript, the log and the error bodies, so
// that the same cause has the same name everywhere (law L10).
#pragma once

#include <cstdint>
#include <string_view>

namespace turnout {

// name in code, name on record, what a person is told
#define TURNOUT_WHY_LIST(X)                                                                                      \
  X(none, "-", "nothing to say")                                                                                 \
  /* a switch that happened */                                                                                   \
  X(accepted, "accepted", "the offer was accepted")                                                              \
  X(prior_knowledge, "prior-knowledge", "the client opened with the HTTP/2 connection preface")                  \
  X(alpn, "alpn", "TLS negotiated the protocol (ALPN)")                                                          \
  X(proxied, "proxied", "a trusted proxy said who the client is")                                                \
  X(detected, "detected", "the first bytes name the protocol")                                                   \
  /* an offer that was declined: the request got its ordinary answer */                                          \
  X(no_such_token, "no-such-token", "no protocol of that name is spoken here")                                   \
  X(token_not_on_route, "token-not-on-route", "the route does not offer that protocol")                          \
  X(no_connection_upgrade, "no-connection-upgrade", "Upgrade came without Connection: upgrade (RFC 9110 7.6.1)") \
  X(http10, "http-1.0", "an Upgrade in an HTTP/1.0 request is ignored (RFC 9110 7.8)")                           \
  X(body_too_long, "body-too-long", "the request body is longer than what is read before a switch")              \
  X(early_http, "http-version-not-offered", "that HTTP version cannot be switched to")                           \
  X(settings_missing, "http2-settings-missing", "h2c needs exactly one HTTP2-Settings field (RFC 7540 3.2.1)")   \
  X(settings_not_nominated, "http2-settings-not-in-connection", "HTTP2-Settings is not named in Connection")     \
  X(settings_invalid, "http2-settings-invalid", "HTTP2-Settings does not hold a valid SETTINGS payload")         \
  X(h2c_over_tls, "h2c-over-tls", "h2c is for cleartext; over TLS it is negotiated by ALPN (RFC 9113 3.3)")      \
  X(passed_on, "passed-on", "the request was passed on by a hop that is not trusted, which has no say here")     \
  X(already_switched, "already-switched", "this connection made that kind of switch before")                     \
  X(too_many_switches, "too-many-switches", "the connection changed protocol too often")                         \
  X(tls_upgrade_off, "tls-upgrade-off", "this listener does not offer TLS by Upgrade")                           \
  X(tls_options_only, "tls-options-only", "this listener switches to TLS only on OPTIONS *")                     \
  X(no_common_tls_version, "no-common-tls-version", "none of the listed TLS versions is spoken here")            \
  X(already_tls, "already-tls", "the connection is inside TLS already")                                          \
  X(method_not_for_token, "method-not-for-token", "that protocol cannot be asked for with this method")          \
  /* an offer that was refused */                                                                                \
  X(plaintext_before_tls, "plaintext-before-tls", "bytes followed the request before TLS began")                 \
  X(upgrade_required, "upgrade-required", "this resource is only served after a switch")                         \
  X(websocket_version, "websocket-version", "only version 13 of WebSocket is spoken (RFC 6455 4.4)")             \
  X(websocket_key, "websocket-key", "Sec-WebSocket-Key must be 16 bytes in base64, once (RFC 6455 4.2.1)")       \
  X(websocket_method, "websocket-method", "a WebSocket handshake is a GET (RFC 6455 4.1)")                       \
  X(websocket_body, "websocket-body", "a WebSocket handshake has no body")                                       \
  X(websocket_connection, "websocket-connection", "a WebSocket handshake needs Connection: upgrade")             \
  X(websocket_http_version, "websocket-http-version", "a WebSocket handshake needs HTTP/1.1")                    \
  X(websocket_subprotocol, "websocket-subprotocol", "Sec-WebSocket-Protocol is not a list of unique tokens")     \
  X(websocket_extensions, "websocket-extensions", "Sec-WebSocket-Extensions breaks its grammar")                 \
  X(origin_not_allowed, "origin-not-allowed", "pages of that origin may not open a WebSocket here")              \
  X(no_tunnel_here, "no-tunnel-here", "CONNECT is not offered here")                                             \
  X(not_allowed, "not-allowed", "this is not served to that client address")                                     \
  X(rate_limited, "rate-limited", "the client asked more often than it may")                                     \
  X(too_many_tunnels, "too-many-tunnels", "the client has as many tunnels open as it may")                       \
  X(route_busy, "route-busy", "all clients together asked for more than there is")                               \
  X(unknown_protocol, "unknown-protocol", "extended CONNECT asked for a protocol that is not spoken here")       \
  X(upstream_declined, "upstream-declined", "the upstream server answered without a switch")                     \
  X(switch_token, "switch-token", "the upstream server's 101 does not name the one protocol that was asked for") \
  X(switch_with_length, "switch-with-length", "the upstream server's 101 has a length")                          \
  X(switch_unasked, "switch-unasked", "the upstream server switched without having been asked")                  \
  X(switch_not_possible, "switch-not-possible", "the upstream server's protocol has no such switch")             \
  X(target_not_listed, "target-not-listed", "CONNECT is offered for other targets only")                         \
  /* how a request failed behind us */                                                                           \
  X(no_upstream, "no-upstream", "no upstream server is available")                                               \
  X(upstream_unreachable, "upstream-unreachable", "the upstream server could not be connected to")               \
  X(upstream_timeout, "upstream-timeout", "the upstream server did not answer in time")                          \
  X(upstream_malformed, "upstream-malformed", "the upstream server's answer broke the protocol's rules")         \
  X(upstream_closed, "upstream-closed", "the upstream server ended the connection")                              \
  X(upstream_reset, "upstream-reset", "the upstream server broke the connection off")                            \
  X(upstream_down, "upstream-down", "the upstream server was taken out of service")                              \
  X(client_gone, "client-gone", "the client broke off while its request was on its way")                         \
  X(half_close_timeout, "half-close-timeout", "one side had ended, and the other did not in time")               \
  /* how things end */                                                                                           \
  X(done, "done", "both sides were finished")                                                                    \
  X(peer_closed, "peer-closed", "the peer ended the connection")                                                 \
  X(peer_reset, "peer-reset", "the peer broke the connection off")                                               \
  X(connection_close, "connection-close", "the last answer said Connection: close")                              \
  X(malformed, "malformed", "the peer broke the protocol's rules")                                               \
  X(ambiguous_framing, "ambiguous-framing", "the length of the message could be read in more than one way")      \
  X(not_implemented, "not-implemented", "that part of the protocol is not implemented here")                     \
  X(proxy_not_trusted, "proxy-not-trusted", "only trusted proxies may connect here")                             \
  X(proxy_header, "proxy-header", "the connection did not begin with a PROXY header")                            \
  X(header_timeout, "header-timeout", "the request head did not arrive in time")                                 \
  X(body_timeout, "body-timeout", "the request body did not arrive in time")                                     \
  X(send_timeout, "send-timeout", "the peer did not take what was sent to it")                                   \
  X(handshake_timeout, "handshake-timeout", "the handshake was not finished in time")                            \
  X(idle_timeout, "idle-timeout", "nothing was received for the idle limit")                                     \
  X(lifetime_over, "lifetime-over", "the connection reached its lifetime limit")                                 \
  X(close_timeout, "close-timeout", "the peer did not answer the close in time")                                 \
  X(draining, "draining", "the server is stopping")                                                              \
  X(closed_by_operator, "closed-by-operator", "an operator closed it")                                           \
  X(limit, "limit", "a limit was reached")                                                                       \
  X(flood, "flood", "the peer sent too much of what costs us more than it costs the peer")                       \
  X(message_too_large, "message-too-large", "the message is longer than the limit")                              \
  X(websocket_declined, "websocket-declined", "the server did not switch to WebSocket")                          \
  X(websocket_answer, "websocket-answer", "the answer accepts what was not offered, or lacks the proof")         \
  X(websocket_frame, "websocket-frame", "a frame breaks the rules of framing (RFC 6455 5.2)")                    \
  X(websocket_masking, "websocket-masking", "clients mask their frames, servers do not")                         \
  X(websocket_fragments, "websocket-fragments", "a message came in too many fragments")                          \
  X(websocket_utf8, "websocket-utf8", "a text that is not UTF-8 (RFC 6455 8.1)")                                 \
  X(websocket_close, "websocket-close", "a close frame with a code or length that is not allowed")               \
  X(websocket_deflate, "websocket-deflate", "a compressed message that cannot be restored")                      \
  X(tls_failed, "tls-failed", "the TLS handshake failed")                                                        \
  X(tls_truncated, "tls-truncated", "the connection ended without TLS close_notify")                             \
  X(tls_alpn_in_upgrade, "tls-alpn-in-upgrade", "an upgraded TLS handshake offered ALPN (relayed https client)") \
  X(no_application_protocol, "no-application-protocol", "ALPN offered nothing that is spoken here")              \
  X(application_closed, "application-closed", "the application behind the protocol ended it")                    \
  X(internal, "internal-error", "our own fault")

enum class Why : std::uint8_t {
#define X(id, name, sentence) id,
  TURNOUT_WHY_LIST(X)
#undef X
};

/// The name on record: lower case, words joined by hyphens, never a byte from a client.
std::string_view text(Why why) noexcept;

/// One sentence for a person, without a final full stop.
std::string_view sentence(Why why) noexcept;

}  // namespace turnout
