#include "codec/http1/response_parser.h"

#include "codec/http/grammar.h"
#include "codec/http1/field_line.h"

namespace turnout {
namespace {

std::unexpected<HeadError> over(std::string_view what) {
  return std::unexpected(HeadError{400, Why::limit, what});
}

struct StatusLine {
  HttpVersion version = HttpVersion::http11;
  int status = 0;
  const char* next = nullptr;
};

// status-line = HTTP-version SP status-code SP [ reason-phrase ] (RFC 9112 section 4). The second space may be missing
// where no reason follows: servers do that, and there is one way to read it.
std::expected<StatusLine, HeadError> read_status_line(const char* at, const char* end, const Limits& limits) {
  const char* stop = find_value_end(at, end);
  if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
    return malformed_head("the status line does not end in CR LF");
  const std::string_view text(at, static_cast<std::size_t>(stop - at));
  if (text.size() > limits.request_line_bytes_max) return over("the status line is longer than the limit");

  StatusLine line;
  line.next = stop + 2;
  if (text.starts_with("HTTP/1.1 ")) {
    line.version = HttpVersion::http11;
  } else if (text.starts_with("HTTP/1.0 ")) {
    line.version = HttpVersion::http10;
  } else {
    return malformed_head("the status line does not begin with HTTP/1.1 or HTTP/1.0 and one space");
  }
  const std::string_view rest = text.substr(9);
  if (rest.size() < 3 || !is_digit(rest[0]) || !is_digit(rest[1]) || !is_digit(rest[2])) {
    return malformed_head("the status code has to be three digits");
  }
  if (rest.size() > 3 && rest[3] != ' ') return malformed_head("the status code has to be three digits and a space");
  line.status = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  if (line.status < 100 || line.status > 599) return malformed_head("the status code is not between 100 and 599");
  return line;
}

std::expected<void, HeadError> read_fields(const char*& at, const char* end, const Limits& limits, FieldList& fields) {
  std::size_t count = 0;
  while (true) {
    if (at == end) return malformed_head("the head does not end in an empty line");
    if (*at == '\r') {
      if (end - at < 2 || at[1] != '\n') return malformed_head("a carriage return stands without its line feed");
      at += 2;
      return {};
    }
    if (++count > limits.fields_max) return over("there are more fields than the limit");
    const auto line = read_field_line(at, end);
    if (!line) return std::unexpected(line.error());
    at = line->next;
    fields.add(line->name, line->value);
  }
}

/// RFC 9112 section 6.3, in its order, with what it leaves to choice refused.
std::expected<Framing, HeadError> decide(const StatusLine& line, const FieldList& fields, std::string_view method) {
  // Both fields are ignored in a 2xx to CONNECT (RFC 9110 section 9.3.6).
  if (method == "CONNECT" && line.status / 100 == 2) return Framing{};

  FramingFields found;
  for (Field field : fields) {
    std::expected<void, HeadError> noted;
    if (iequals(field.name, "content-length")) noted = found.content_length(field.value);
    if (iequals(field.name, "transfer-encoding")) noted = found.transfer_encoding(field.value);
    if (!noted) return std::unexpected(noted.error());
  }
  const auto framing = found.decide(line.version);
  if (!framing) return framing;

  if (line.status < 200 || line.status == 204) {
    // Neither may have them; a 204 with a length of 0 is common and has one reading only.
    if (found.has_coding() || (found.has_length() && (line.status != 204 || found.length() != 0))) {
      return std::unexpected(HeadError{400, Why::ambiguous_framing, "a response without a body says that it has one"});
    }
    return Framing{};
  }
  if (line.status == 304 || method == "HEAD") return Framing{};
  if (!found.has_coding() && !found.has_length()) return Framing{BodyKind::until_close, 0};
  return framing;
}

bool stays_open(const StatusLine& line, const FieldList& fields, const Framing& framing) {
  if (framing.kind == BodyKind::until_close || fields.has_token("connection", "close")) return false;
  return line.version == HttpVersion::http11 || fields.has_token("connection", "keep-alive");
}

}  // namespace

std::expected<ParsedResponse, HeadError> parse_response(Bytes bytes, const Limits& limits,
                                                        std::string_view request_method) {
  if (bytes.size() > limits.head_bytes_max) return over("the head is longer than the limit");
  const char* at = as_text(bytes).data();
  const char* const end = at + bytes.size();
  const auto line = read_status_line(at, end, limits);
  if (!line) return std::unexpected(line.error());
  at = line->next;

  std::expected<ParsedResponse, HeadError> result;
  FieldList& fields = result->head.fields;
  fields.reserve(static_cast<std::size_t>(end - at), 16);
  if (auto read = read_fields(at, end, limits, fields); !read) return std::unexpected(read.error());
  if (at != end) return malformed_head("bytes follow the empty line that ends the head");

  const auto framing = decide(*line, fields, request_method);
  if (!framing) return std::unexpected(framing.error());
  result->head.status = line->status;
  result->version = line->version;
  result->framing = *framing;
  result->switches = line->status == 101 || (request_method == "CONNECT" && line->status / 100 == 2);
  result->keep_alive = !result->switches && stays_open(*line, fields, *framing);
  result->head_bytes = bytes.size();
  return result;
}

}  // namespace turnout
