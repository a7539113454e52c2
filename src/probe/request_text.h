// The head of a probe's request, in HTTP/1 and as fields of HTTP/2. Unlike that of `turnout get` it may be wrong where
// the person wants it so: with other fields, another version, or without what belongs there.
//
//   std::string head = request_text(ask, key);
#pragma once

#include <string>

#include "probe/facts.h"
#include "probe/http2_speaker.h"

namespace turnout::probe {

/// The value of Upgrade: "TLS" stands for the versions that are spoken.
std::string upgrade_value(std::string_view token);
bool is_websocket(std::string_view token) noexcept;
bool is_http2(std::string_view token) noexcept;  // h2c, HTTP/2.0, h2
bool is_tls(std::string_view token) noexcept;

/// `key` is for Sec-WebSocket-Key. The body is not in it.
std::string request_text(const Ask& ask, const std::string& key);
/// A plain GET on the same connection.
std::string second_request_text(const Ask& ask);
/// Extended CONNECT (RFC 8441), or without a token the plain request.
Http2Speaker::Fields request_fields(const Ask& ask);

/// "https://example.com:8443": what a page of the server itself sends as Origin.
std::string own_origin(const client::Url& url);

}  // namespace turnout::probe
