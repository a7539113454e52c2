// The heads of requests and responses, in the words of RFC 9110 and for every version of HTTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/pool.h"
#include "codec/http/fields.h"

namespace turnout {

enum class HttpVersion : std::uint8_t { http10, http11, http2 };

constexpr std::string_view text(HttpVersion version) noexcept {
  switch (version) {
    case HttpVersion::http10: return "HTTP/1.0";
    case HttpVersion::http11: return "HTTP/1.1";
    case HttpVersion::http2: return "HTTP/2.0";
  }
  return "-";
}

struct RequestHead {
  HttpVersion version = HttpVersion::http11;
  bool secure = false;     // came over TLS: the scheme is https
  PooledString method;     // case-sensitive
  PooledString target;     // the raw path and query ("/a?b"), "*" or, for CONNECT, host:port; never decoded
  PooledString authority;  // Host, or :authority, or of an absolute-form target; lower case; may be empty in HTTP/1.0
  PooledString protocol;   // :protocol of extended CONNECT (RFC 8441), else empty
  FieldList fields;        // without pseudo-fields; Host stays in it for HTTP/1

  std::string_view path() const noexcept {
    const std::string_view all = target;
    return all.substr(0, all.find('?'));
  }
  std::string_view query() const noexcept {  // without the question mark
    const std::string_view all = target;
    const std::size_t mark = all.find('?');
    return mark == std::string_view::npos ? std::string_view() : all.substr(mark + 1);
  }
};

struct ResponseHead {
  ResponseHead() = default;
  explicit ResponseHead(int status_code) : status(status_code) {}

  int status = 200;
  FieldList fields;  // neither Content-Length, Transfer-Encoding, Connection nor Date: the protocol adds these
};

/// The reason phrase of RFC 9110 section 15, "" for a status without one.
std::string_view reason_phrase(int status) noexcept;

}  // namespace turnout
