#include "probe/answer.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <span>

#include "base/ascii.h"
#include "base/printable.h"
#include "codec/http/base64.h"
#include "codec/http/upgrade.h"
#include "codec/http1/response_parser.h"
#include "codec/websocket/extensions.h"
#include "codec/websocket/handshake.h"
#include "probe/request_text.h"

namespace turnout::probe {
namespace {

using Kind = Violation::Kind;

std::string accept_with(std::string_view key, std::string_view guid) {
  const std::string text = std::string(key).append(guid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) std::abort();
  return std::string(base64_encode(std::as_bytes(std::span(digest).first(size))));
}

std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void check_token(const Attempt& attempt, std::vector<Violation>& found) {
  const auto named = parse_upgrade(attempt.fields);
  if (!named || named->empty()) {
    found.push_back({Kind::upgrade_missing, "its Upgrade field is not a list of protocols", "RFC 9110 section 7.8"});
    return;
  }
  // RFC 2817 section 3.3: the stack from below, TLS and then the HTTP/1.1 that goes on inside.
  const bool is_stack = is_tls(attempt.ask.token) && named->size() == 2 && iequals((*named)[1].text, "HTTP/1.1");
  if (named->size() != 1 && !is_stack) {
    found.push_back({Kind::several_tokens, "its Upgrade field names more than one protocol", "RFC 9110 section 7.8"});
  }
  bool offered = false;
  const std::string offer = upgrade_value(attempt.ask.token);
  for_each_member(offer, [&](std::string_view one) {
    offered = offered || iequals(one, named->front().text);
    return !offered;
  });
  if (!offered) {
    found.push_back({Kind::token_not_offered,
                     fmt::format("it switches to {}, and {} was offered", printable(named->front().text, 64), offer),
                     "RFC 9110 section 7.8"});
  }
}

void check_websocket_fields(const Attempt& attempt, std::vector<Violation>& found) {
  const auto accept = attempt.fields.find("Sec-WebSocket-Accept");
  if (!accept) {
    found.push_back({Kind::accept_missing, "it has no Sec-WebSocket-Accept", "RFC 6455 section 4.2.2"});
  } else if (trim(*accept) != websocket::accept_for(attempt.key)) {
    std::string why = explain_accept(attempt.key, trim(*accept));
    found.push_back({Kind::wrong_accept,
                     fmt::format("its Sec-WebSocket-Accept does not belong to the key that was sent{}{}",
                                 why.empty() ? "" : ": ", why),
                     "RFC 6455 section 4.2.2"});
  }
  for (const Field field : attempt.fields) {
    if (iequals(field.name, "Sec-WebSocket-Extensions")) {
      const auto answer = websocket::parse_extensions(field.value);
      const bool fits = attempt.ask.extensions && answer && websocket::check_deflate_answer(*answer, {});
      if (!fits) {
        found.push_back({Kind::extension_not_offered,
                         fmt::format("it names an extension, or parameters of it, that were not offered: {}",
                                     printable(field.value, 120)),
                         "RFC 6455 section 9.1"});
      }
    } else if (iequals(field.name, "Sec-WebSocket-Protocol")) {
      bool offered = false;
      for (const std::string& one : attempt.ask.subprotocols) offered = offered || one == trim(field.value);
      if (!offered) {
        found.push_back(
            {Kind::subprotocol_not_offered,
             fmt::format("it selects the subprotocol {}, which was not offered", printable(field.value, 64)),
             "RFC 6455 section 4.1"});
      }
    }
  }
}

}  // namespace

std::optional<std::size_t> head_size(std::string_view arrived) noexcept {
  const std::size_t strict = arrived.find("\r\n\r\n");
  const std::size_t bare = arrived.find("\n\n");
  if (strict == std::string_view::npos && bare == std::string_view::npos) return std::nullopt;
  return strict < bare ? strict + 4 : bare + 2;
}

bool take_head(std::string_view head, Attempt& attempt) {
  const auto parsed = parse_response(as_bytes(head), Limits(), attempt.ask.method);
  attempt.strict_fault = parsed ? std::string() : std::string(parsed.error().what);
  attempt.received = head;
  std::string_view rest = head;
  const auto line = take_line(rest);
  if (!line || !line->starts_with("HTTP/") || line->size() < 12) return false;
  attempt.version = line->substr(5, 3);
  const auto [end, error] = std::from_chars(line->data() + 9, line->data() + 12, attempt.status);
  if (error != std::errc() || attempt.status < 100) return false;
  attempt.fields = FieldList();
  while (const auto field = take_line(rest)) {
    const std::size_t colon = field->find(':');
    if (colon == std::string_view::npos || attempt.fields.size() >= 200) continue;
    attempt.fields.add(trim(field->substr(0, colon)), trim(field->substr(colon + 1)));
  }
  return true;
}

std::vector<Violation> find_violations(const Attempt& attempt) {
  std::vector<Violation> found;
  const FieldList& fields = attempt.fields;
  if (attempt.ask.over == Over::http2) return found;
  if (attempt.version != "1.1") {
    found.push_back({Kind::http10, "it comes in HTTP/" + printable(attempt.version, 8) + ", which has no Upgrade",
                     "RFC 9110 section 7.8"});
  }
  if (!fields.has("Upgrade")) {
    found.push_back({Kind::upgrade_missing, "it has no Upgrade field", "RFC 9110 section 15.2.2"});
  } else {
    check_token(attempt, found);
  }
  if (!fields.has_token("Connection", "upgrade")) {
    found.push_back({Kind::connection_missing, "its Connection field does not say upgrade", "RFC 9110 section 7.8"});
  }
  for (const std::string_view name : {"Content-Length", "Transfer-Encoding"}) {
    if (fields.has(name)) {
      found.push_back(
          {Kind::has_length, fmt::format("it has a {}", name), "RFC 9110 section 8.6, RFC 9112 section 6.1"});
    }
  }
  if (is_websocket(attempt.ask.token)) check_websocket_fields(attempt, found);
  const bool expects =
      std::ranges::any_of(attempt.ask.fields, [](const auto& one) { return iequals(one.first, "Expect"); });
  if (expects && attempt.ask.body && attempt.interim.empty()) {
    found.push_back({Kind::before_expected_continue, "it comes before the 100 (Continue) that was expected",
                     "RFC 9110 section 7.8"});
  }
  if (found.empty() && !attempt.strict_fault.empty()) {
    found.push_back({Kind::other, attempt.strict_fault, "RFC 9112 section 2.1"});
  }
  return found;
}

std::string explain_accept(const std::string& key, std::string_view accept) {
  if (accept.empty()) return "it is empty";
  if (accept == key) return "it repeats the key";
  // Seen in the wild: two digits of the GUID exchanged, or what RFC 6455's own example computes.
  for (const std::string_view guid : {"258EAFA5-E914-47DA-95CA-5BAB11DC85B6", "258EAFA5-E914-47DA-95CA-C5AB0DC85B1",
                                      "258EAFA5-E914-47DA-95CA-5BAB0DC85B11", "258eafa5-e914-47da-95ca-c5ab0dc85b11",
                                      "258EAFA5-E914-47DA-95CA-C5AB5DC85B11"}) {
    if (accept_with(key, guid) == accept) return fmt::format("it was made with the wrong GUID {}", guid);
  }
  if (accept_with(key, "") == accept) return "it was made of the key alone, without the GUID";
  if (accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") return "it is the one of the example in RFC 6455";
  return "";
}

}  // namespace turnout::probe
