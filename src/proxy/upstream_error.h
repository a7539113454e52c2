// UpstreamError: what went wrong on the way to a backend or with its answer, in the names that Proxy-Status has for it
// (RFC 9209 section 2.3), so that the field, the log and the tests say the same.
//
//   text(UpstreamError::dns_error);      // "dns_error"
//   status(UpstreamError::dns_error);    // 502, as RFC 9209 recommends
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace turnout {

// name, recommended status (RFC 9209 sections 2.3.1 to 2.3.32)
#define TURNOUT_UPSTREAM_ERROR_LIST(X)           \
  X(dns_timeout, 504)                            \
  X(dns_error, 502)                              \
  X(destination_not_found, 500)                  \
  X(destination_unavailable, 503)                \
  X(destination_ip_unroutable, 502)              \
  X(connection_refused, 502)                     \
  X(connection_terminated, 502)                  \
  X(connection_timeout, 504)                     \
  X(connection_read_timeout, 504)                \
  X(connection_write_timeout, 504)               \
  X(connection_limit_reached, 503)               \
  X(tls_protocol_error, 502)                     \
  X(tls_certificate_error, 502)                  \
  X(tls_alert_received, 502)                     \
  X(http_request_error, 400)                     \
  X(http_response_incomplete, 502)               \
  X(http_response_header_section_size, 502)      \
  X(http_response_trailer_section_size, 502)     \
  X(http_response_transfer_coding, 502)          \
  X(http_response_timeout, 504)                  \
  X(http_upgrade_failed, 502)                    \
  X(http_protocol_error, 502)                    \
  X(proxy_internal_error, 500)                   \
  X(proxy_configuration_error, 500)              \
  X(proxy_loop_detected, 502)                    \
  /* not for the field: nobody is left to ask */ \
  X(cancelled, 499)

enum class UpstreamError : std::uint8_t {
#define X(name, status) name,
  TURNOUT_UPSTREAM_ERROR_LIST(X)
#undef X
};

namespace detail {

inline constexpr std::array upstream_error_names{
#define X(name, status) std::string_view(#name),
    TURNOUT_UPSTREAM_ERROR_LIST(X)
#undef X
};

inline constexpr std::array upstream_error_statuses{
#define X(name, status) status,
    TURNOUT_UPSTREAM_ERROR_LIST(X)
#undef X
};

}  // namespace detail

constexpr std::string_view text(UpstreamError error) noexcept {
  return detail::upstream_error_names[static_cast<std::size_t>(error)];
}

constexpr int status(UpstreamError error) noexcept {
  return detail::upstream_error_statuses[static_cast<std::size_t>(error)];
}

}  // namespace turnout
