// Host names, as requests carry them and as routes name them.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace turnout {

/// The host of an authority without its port and without the final dot of a fully qualified name, which would
/// otherwise be a second name for every host: "example.com.:8080" is "example.com". Brackets of IPv6 stay.
std::string_view host_of(std::string_view authority) noexcept;

/// "example.com", "*.example.com" (one or more labels in front), "192.0.2.1" or "[2001:db8::1]", in lower case. The
/// error is a sentence without a final full stop.
std::expected<std::string, std::string> parse_host_pattern(std::string_view text);

}  // namespace turnout
