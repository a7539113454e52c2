// Origins as a configuration lists them, brought to the form in which browsers send them (RFC 6454 section 6.2).
//
//   parse_origin("HTTPS://Example.com:443");      // "https://example.com"
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace turnout {

/// "scheme://host[:port]" or "null". The error is a sentence without a final full stop.
std::expected<std::string, std::string> parse_origin(std::string_view text);

}  // namespace turnout
