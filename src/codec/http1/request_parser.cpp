#include "codec/http1/request_parser.h"

#include <optional>

#include "codec/http/authority.h"
#include "codec/http/grammar.h"
#include "codec/http1/field_line.h"

namespace turnout {
namespace {

using Checked = std::expected<void, HeadError>;

constexpr std::size_t method_bytes_max = 32;

std::unexpected<HeadError> fails(int status, Why why, std::string_view what) {
  return std::unexpected(HeadError{status, why, what});
}

struct RequestLine {
  std::string_view method;
  std::string_view target;
  HttpVersion version = HttpVersion::http11;
  const char* next = nullptr;
};

std::unexpected<HeadError> bad_target(const char* at, const char* end) {
  if (at == end || *at == '\r')
    return malformed_head("the request line has no HTTP version; HTTP/0.9 is not spoken here");
  const auto byte = static_cast<unsigned char>(*at);
  if (byte == '#') return malformed_head("the request target has a fragment; '#' is not sent to servers");
  if (byte >= 0x80) return malformed_head("the request target holds a byte above 0x7f; it has to be percent-encoded");
  return malformed_head("the request target holds a control character; it has to be percent-encoded");
}

std::expected<HttpVersion, HeadError> read_version(std::string_view text) {
  if (text == "HTTP/1.1") return HttpVersion::http11;
  if (text == "HTTP/1.0") return HttpVersion::http10;
  if (text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7])) {
    return fails(505, Why::not_implemented, "the versions spoken in this form are HTTP/1.1 and HTTP/1.0");
  }
  return malformed_head("the request line does not end in a version such as HTTP/1.1, after one space");
}

// request-line = method SP request-target SP HTTP-version (RFC 9112 section 3), single spaces.
std::expected<RequestLine, HeadError> read_request_line(const char* at, const char* end, const Limits& limits) {
  RequestLine line;
  const char* method_end = skip(at, end, Chars::token);
  if (method_end == at) return malformed_head("the request does not begin with a method");
  if (method_end == end || *method_end != ' ')
    return malformed_head("one space has to follow the method, which is a token");
  line.method = {at, static_cast<std::size_t>(method_end - at)};
  const char* target = method_end + 1;
  const char* target_end = skip(target, end, Chars::target);
  if (target_end == end || *target_end != ' ') return bad_target(target_end, end);
  if (target_end == target) return malformed_head("the request target is empty; single spaces part the request line");
  line.target = {target, static_cast<std::size_t>(target_end - target)};
  const char* version = target_end + 1;
  const char* version_end = find_value_end(version, end);
  if (end - version_end < 2 || version_end[0] != '\r' || version_end[1] != '\n') {
    return malformed_head("the request line does not end in CR LF");
  }
  if (static_cast<std::size_t>(version_end - at) > limits.request_line_bytes_max) {
    return fails(414, Why::limit, "the request line is longer than the limit");
  }
  line.next = version_end + 2;
  // The first line of HTTP/2's preface looks like a request; as one it would be smuggled past a hop (U13).
  if (line.method == "PRI") return malformed_head("PRI is not a method; HTTP/2 has to begin with its whole preface");
  const auto parsed = read_version({version, static_cast<std::size_t>(version_end - version)});
  if (!parsed) return std::unexpected(parsed.error());
  line.version = *parsed;
  if (line.method.size() > method_bytes_max) {
    return fails(501, Why::not_implemented, "the method is longer than any that is implemented");
  }
  return line;
}

/// What the fields say about the message itself.
struct Control {
  FramingFields framing;
  std::optional<std::string_view> host;
  bool close = false;
  bool keep_alive = false;
  bool expect_continue = false;
  bool expects_other = false;
};

Checked note_host(Control& control, std::string_view value) {
  if (control.host) return malformed_head("Host may come only once");
  control.host = value;
  return {};
}

void note_connection(Control& control, std::string_view value) {
  for_each_member(value, [&](std::string_view member) {
    control.close = control.close || iequals(member, "close");
    control.keep_alive = control.keep_alive || iequals(member, "keep-alive");
    return true;
  });
}

void note_expect(Control& control, std::string_view value) {
  if (iequals(value, "100-continue")) {
    control.expect_continue = true;
  } else {
    control.expects_other = true;
  }
}

Checked note(Control& control, const FieldLine& line) {
  switch (line.name.size()) {
    case 4:
      if (iequals(line.name, "host")) return note_host(control, line.value);
      break;
    case 6:
      if (iequals(line.name, "expect")) note_expect(control, line.value);
      break;
    case 10:
      if (iequals(line.name, "connection")) note_connection(control, line.value);
      break;
    case 14:
      if (iequals(line.name, "content-length")) return control.framing.content_length(line.value);
      break;
    case 17:
      if (iequals(line.name, "transfer-encoding")) return control.framing.transfer_encoding(line.value);
      break;
    default: break;
  }
  return {};
}

/// Lower case, and without the colon of an empty port, so that equal authorities are equal strings.
void assign_authority(PooledString& to, std::string_view text) {
  if (text.ends_with(':')) text.remove_suffix(1);
  to.assign(text);
  for (char& c : to) c = lower(c);
}

Checked take_host(RequestHead& head, const std::optional<std::string_view>& host) {
  if (!host) {
    if (head.version == HttpVersion::http10) return {};
    return malformed_head("HTTP/1.1 needs a Host field");  // RFC 9112 section 3.2
  }
  if (!parse_authority(*host)) return malformed_head("Host has to be a host name or address, and a port if need be");
  assign_authority(head.authority, *host);
  return {};
}

/// scheme "://" authority [path] ["?" query], which every server has to understand (RFC 9112 section 3.2.2).
Checked take_absolute_form(RequestHead& head, std::string_view target, bool has_host) {
  const std::size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos)
    return malformed_head("the request target has to begin with '/' or be a whole URI");
  const std::string_view scheme = target.substr(0, scheme_end);
  if (!iequals(scheme, "http") && !iequals(scheme, "https")) {
    return malformed_head("the scheme of the request target has to be http or https");
  }
  // RFC 9110 section 7.4: an https resource is not served over a connection that is not secured.
  if (iequals(scheme, "https") && !head.secure) {
    return fails(421, Why::malformed, "an https target was asked for without TLS");
  }
  const std::string_view rest = target.substr(scheme_end + 3);
  const std::size_t authority_end = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, authority_end);
  if (!parse_authority(authority))
    return malformed_head("the authority of the request target has to be host or host:port");
  PooledString named;
  assign_authority(named, authority);
  // RFC 9112 section 3.2.2 lets the target win; we refuse, since a hop in front may have routed by the other (S10).
  if (has_host && named != head.authority)
    return malformed_head("Host differs from the authority of the request target");
  head.authority = std::move(named);
  if (authority_end == std::string_view::npos) {
    head.target = head.method == "OPTIONS" ? "*" : "/";  // RFC 9112 section 3.2.4
    return {};
  }
  const std::string_view path = rest.substr(authority_end);
  head.target.clear();
  if (path.front() == '?') head.target.push_back('/');
  head.target.append(path);
  return {};
}

Checked take_target(RequestHead& head, std::string_view target, bool has_host) {
  if (head.method == "CONNECT") {
    // authority-form, host and port both (RFC 9110 section 9.3.6), and the same as Host says (S10).
    const auto where = parse_authority(target);
    if (!where || !where->port) return malformed_head("the target of CONNECT has to be host:port, port 1 to 65535");
    head.target.assign(target);
    PooledString named;
    assign_authority(named, target);
    if (has_host && named != head.authority) return malformed_head("Host differs from the target of CONNECT");
    head.authority = std::move(named);
    return {};
  }
  if (target.front() == '/') {
    head.target.assign(target);
    return {};
  }
  if (target == "*") {
    if (head.method != "OPTIONS") return malformed_head("the target '*' is for OPTIONS only");
    head.target.assign(target);
    return {};
  }
  return take_absolute_form(head, target, has_host);
}

bool wants_keep_alive(HttpVersion version, const Control& control) {
  if (control.close) return false;
  return version == HttpVersion::http11 || control.keep_alive;
}

Checked read_fields(const char*& at, const char* end, const Limits& limits, FieldList& fields, Control& control) {
  std::size_t count = 0;
  while (true) {
    if (at == end) return malformed_head("the head does not end in an empty line");
    if (*at == '\r') {
      if (end - at < 2 || at[1] != '\n') return malformed_head("a carriage return stands without its line feed");
      at += 2;
      return {};
    }
    if (++count > limits.fields_max) return fails(431, Why::limit, "there are more fields than the limit");
    const auto line = read_field_line(at, end);
    if (!line) return std::unexpected(line.error());
    at = line->next;
    if (auto noted = note(control, *line); !noted) return noted;
    // Programs behind us often fold '_' and '-' into one; a name with '_' could pose as a trusted one (S13).
    if (line->name.find('_') != std::string_view::npos) continue;
    fields.add(line->name, line->value);
  }
}

Checked read_head(std::string_view text, const Limits& limits, bool secure, ParsedRequest& request) {
  if (text.size() > limits.head_bytes_max) return fails(431, Why::limit, "the head is longer than the limit");
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.starts_with("\r\n")) at += 2;  // RFC 9112 section 2.2

  const auto line = read_request_line(at, end, limits);
  if (!line) return std::unexpected(line.error());
  at = line->next;

  RequestHead& head = request.head;
  head.version = line->version;
  head.secure = secure;
  head.method.assign(line->method);
  head.fields.reserve(static_cast<std::size_t>(end - at), 16);
  Control control;
  if (auto read = read_fields(at, end, limits, head.fields, control); !read) return read;
  if (at != end) return malformed_head("bytes follow the empty line that ends the head");

  if (auto taken = take_host(head, control.host); !taken) return taken;
  if (auto taken = take_target(head, line->target, control.host.has_value()); !taken) return taken;
  const auto framing = control.framing.decide(line->version);
  if (!framing) return std::unexpected(framing.error());
  // RFC 9110 section 10.1.1: an expectation in HTTP/1.0 is ignored.
  if (line->version == HttpVersion::http11) {
    if (control.expects_other) return fails(417, Why::not_implemented, "the only expectation met is 100-continue");
    request.expect_continue = control.expect_continue;
  }
  request.framing = *framing;
  request.keep_alive = wants_keep_alive(line->version, control);
  request.head_bytes = text.size();
  return {};
}

}  // namespace

std::expected<ParsedRequest, HeadError> parse_request(Bytes head, const Limits& limits, bool secure) {
  std::expected<ParsedRequest, HeadError> result;  // returned in place, never moved
  if (const Checked read = read_head(as_text(head), limits, secure, *result); !read) {
    result = std::unexpected(read.error());
  }
  return result;
}

}  // namespace turnout
