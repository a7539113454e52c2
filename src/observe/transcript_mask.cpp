#include "observe/transcript_mask.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>

#include "base/ascii.h"
#include "codec/http/fields.h"

namespace turnout {
namespace {

class ByteSet {
 public:
  constexpr explicit ByteSet(std::string_view bytes) {
    for (const char c : bytes) in_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool has(char c) const noexcept { return in_[static_cast<unsigned char>(c)]; }
  /// The first of them in `text` from `at` on, or its end.
  constexpr std::size_t find(std::string_view text, std::size_t at) const noexcept {
    while (at < text.size() && !has(text[at])) ++at;
    return at;
  }

 private:
  std::array<bool, 256> in_{};
};

// RFC 3986 section 3.2: what ends an authority; and what ends a URL in other text.
constexpr ByteSet authority_end("/?#\\ \t\"<>");
// A parameter begins behind one of these, in the query, the fragment, a segment of the path (";jsessionid=") or a list.
constexpr ByteSet parameter_begin("?&;#, \t");
constexpr ByteSet name_end("=?&;#,/ \t\"<>");
// Where a secret may end at more than one place, the later one is taken: better too much is masked than too little.
constexpr ByteSet query_value_end("&# \t\"<>");
constexpr ByteSet path_value_end("/?&# \t\"<>");
constexpr ByteSet list_value_end(",;& \t");

constexpr std::size_t name_bytes_max = 64;
// A name that is longer than this, encoded, is none that anybody gave to a parameter: whatever it is, it is masked.
constexpr std::size_t encoded_name_bytes_max = 3 * name_bytes_max;

void append_masked(std::size_t bytes, std::string& out) {
  if (bytes == 0) return;
  out.append("[masked, ").append(std::to_string(bytes)).append(bytes == 1 ? " byte]" : " bytes]");
}

/// Two hexadecimal digits behind a percent sign; false where they are not there.
bool decode_at(std::string_view text, std::size_t at, char& decoded) noexcept {
  if (text[at] != '%' || text.size() - at < 3) return false;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  if (high < 0 || low < 0) return false;
  decoded = static_cast<char>(high << 4 | low);
  return true;
}

bool iends_with(std::string_view text, std::string_view end) noexcept {
  return text.size() >= end.size() && iequals(text.substr(text.size() - end.size()), end);
}

bool istarts_with(std::string_view text, std::string_view begin) noexcept {
  return iequals(text.substr(0, begin.size()), begin);
}

/// A JSON Web Token is three parts in base64url, of which the first begins with `{"`.
bool is_web_token(std::string_view text) noexcept {
  return text.starts_with("eyJ");
}

bool holds(const std::vector<std::string>& names, std::string_view name) noexcept {
  return std::ranges::any_of(names, [&](const std::string& one) { return iequals(one, name); });
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) noexcept {
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}

bool is_any(std::string_view name, std::initializer_list<std::string_view> names) noexcept {
  return std::ranges::find(names, name) != names.end();
}

/// One name or part of a name, in lower case and without hyphens and underscores. By its last letter, because nearly
/// all names are none of these.
bool is_secret_name(std::string_view name) noexcept {
  if (name.size() < 3) return false;
  switch (name.back()) {
    case 'd':
      return ends_with_any(name, {"password", "sessionid"}) || is_any(name, {"passwd", "pwd", "sid", "phpsessid"});
    case 'e': return ends_with_any(name, {"signature"}) || is_any(name, {"code", "passphrase", "samlresponse"});
    case 'g': return name == "sig";
    case 'h': return name == "auth";
    case 'l': return ends_with_any(name, {"credential"});
    case 'n': return ends_with_any(name, {"token", "authorization", "assertion"}) || name == "session";
    case 'p': return name == "otp";
    case 'r': return name == "bearer";
    case 's': return is_any(name, {"pass", "sess", "creds", "credentials"});
    case 't': return ends_with_any(name, {"secret"}) || name == "jwt";
    case 'y': return ends_with_any(name, {"apikey", "accesskey", "secretkey", "privatekey"}) || name == "key";
    default: return false;
  }
}

/// The last four letters of a name as a number, in lower case.
constexpr std::uint32_t ending(std::string_view name) noexcept {
  const char* last = name.data() + name.size() - 4;
  constexpr std::uint32_t lower_case = 0x20202020;
  return std::bit_cast<std::uint32_t>(std::array<char, 4>{last[0], last[1], last[2], last[3]}) | lower_case;
}

/// Authorization, Cookie, Set-Cookie, Sec-WebSocket-Key, and what others call such. Asked for each field of each
/// switch: the end of a name says for nearly all of them that they are none of these.
bool ends_like_secret(std::string_view name) noexcept {
  if (name.size() < 5) return false;
  switch (ending(name)) {
    case ending("tion"): return iends_with(name, "authorization") || iends_with(name, "assertion");
    case ending("oken"): return iends_with(name, "token");
    case ending("okie"): return iends_with(name, "cookie");
    case ending("kie2"): return iends_with(name, "cookie2");
    case ending("ture"): return iends_with(name, "signature");
    case ending("cret"): return iends_with(name, "secret");
    case ending("word"): return iends_with(name, "password");
    case ending("ikey"): return iends_with(name, "apikey");
    case ending("-key"):
      return iequals(name, "sec-websocket-key") || iends_with(name, "api-key") || iends_with(name, "access-key") ||
             iends_with(name, "auth-key") || iends_with(name, "secret-key") || iends_with(name, "private-key") ||
             iends_with(name, "subscription-key");
    case ending("n-id"): return iends_with(name, "session-id");
    case ending("onid"): return iends_with(name, "sessionid");
    default: return false;
  }
}

bool is_url_field(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 8> names{
      "host",           "referer",       "location",        "content-location",
      "x-original-url", "x-rewrite-url", "x-forwarded-uri", "origin"};
  return std::ranges::any_of(names, [&](std::string_view one) { return iequals(one, name); });
}

}  // namespace

// ===== What is a secret =====

bool TranscriptMask::hides_field(std::string_view name) const noexcept {
  return ends_like_secret(name) || (!fields_.empty() && holds(fields_, name));
}

bool TranscriptMask::hides_parameter(std::string_view name) const noexcept {
  if (name.size() > encoded_name_bytes_max) return true;
  std::array<char, encoded_name_bytes_max> decoded;
  std::size_t size = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (decode_at(name, i, c)) i += 2;
    decoded[size++] = lower(c);
  }
  std::string_view rest(decoded.data(), size);
  if (hides_decoded(rest)) return true;
  // "user[password]", "login.token": as frameworks write structures.
  static constexpr ByteSet between("[].");
  while (true) {
    const std::size_t end = between.find(rest, 0);
    if (end == rest.size()) return size != rest.size() && hides_decoded(rest);
    if (hides_decoded(rest.substr(0, end))) return true;
    rest.remove_prefix(end + 1);
  }
}

bool TranscriptMask::hides_decoded(std::string_view name) const noexcept {
  if (name.empty() || name.size() > name_bytes_max) return false;
  if (!query_.empty() && holds(query_, name)) return true;
  std::array<char, name_bytes_max> plain;
  std::size_t size = 0;
  for (const char c : name) {
    if (c != '-' && c != '_' && c != ' ' && c != '+') plain[size++] = c;
  }
  return is_secret_name({plain.data(), size});
}

/// A value that is a URL or a query in turn, percent-encoded: "next=%2Fin%3Ftoken%3Dabc".
bool TranscriptMask::holds_hidden(std::string_view value) const noexcept {
  if (value.find('%') == std::string_view::npos) return false;
  constexpr std::size_t none = std::string_view::npos;
  std::size_t name_begin = 0;
  std::size_t slashes = 0;
  bool in_authority = false;
  for (std::size_t i = 0; i < value.size();) {
    const std::size_t at = i;
    char c = value[i];
    i += decode_at(value, i, c) ? 3 : 1;
    slashes = c == '/' ? slashes + 1 : 0;
    if (slashes == 2) {
      in_authority = true;
    } else if (in_authority && c == '@') {
      return true;
    } else if (authority_end.has(c)) {
      in_authority = false;
    }
    if (parameter_begin.has(c)) {
      name_begin = i;
    } else if (c == '=' && name_begin != none) {
      if (hides_parameter(value.substr(name_begin, at - name_begin))) return true;
      name_begin = none;
    }
  }
  return false;
}

// ===== What is shown =====

namespace {

/// Puts together what may be shown of one text: what was passed over unless it is masked.
class Shown {
 public:
  Shown(std::string_view text, std::string& out) noexcept : text_(text), out_(out), begin_(out.size()) {}

  void mask(std::size_t from, std::size_t to) {
    out_.append(text_.substr(plain_, from - plain_));
    append_masked(to - from, out_);
    plain_ = to;
  }
  /// True where more than may be shown is there, with all up to `at`.
  bool is_full(std::size_t at) const noexcept {
    return out_.size() - begin_ + (at - plain_) > TranscriptMask::text_bytes_max;
  }
  void end(std::size_t at) {
    out_.append(text_.substr(plain_, at - plain_));
    if (out_.size() - begin_ <= TranscriptMask::text_bytes_max) return;
    out_.resize(begin_ + TranscriptMask::text_bytes_max);
    out_.append("[cut, ").append(std::to_string(text_.size())).append(" bytes]");
  }

 private:
  std::string_view text_;
  std::string& out_;
  std::size_t begin_;
  std::size_t plain_ = 0;
};

}  // namespace

void TranscriptMask::append_text(std::string_view text, bool is_url, std::string& out) const {
  Shown shown(text, out);
  std::size_t i = 0;
  if (is_url && !text.starts_with('/')) {  // "user:password@host:443", as in the target of CONNECT
    const std::size_t at = text.substr(0, authority_end.find(text, 0)).rfind('@');
    if (at != std::string_view::npos) shown.mask(0, i = at);
  }
  bool in_query = false;
  bool may_begin = true;  // a parameter, here
  while (i < text.size() && !shown.is_full(i)) {
    if (text[i] == '/' && text.substr(i, 2) == "//" && (i == 0 || text[i - 1] == ':')) {
      i += 2;
      const std::size_t at = text.substr(i, authority_end.find(text, i) - i).rfind('@');
      if (at != std::string_view::npos) {
        shown.mask(i, i + at);
        i += at;
      }
      may_begin = false;
      continue;
    }
    if (!may_begin) {
      in_query = in_query || text[i] == '?' || text[i] == '#';
      may_begin = parameter_begin.has(text[i]);
      ++i;
      continue;
    }
    may_begin = false;
    const std::size_t end = name_end.find(text, i);
    if (end == text.size() || text[end] != '=') {
      if (is_web_token(text.substr(i, end - i))) shown.mask(i, end);
      i = end;
      continue;
    }
    const std::size_t value = end + 1;
    const std::string_view first = text.substr(value, parameter_begin.find(text, value) - value);
    if (!hides_parameter(text.substr(i, end - i)) && !is_web_token(first) && !holds_hidden(first)) {
      i = value;  // there may be parameters in it
      continue;
    }
    const ByteSet& ends = in_query ? query_value_end : is_url ? path_value_end : list_value_end;
    const bool is_quoted = value < text.size() && text[value] == '"';
    i = is_quoted ? std::min(text.find('"', value + 1), text.size()) : ends.find(text, value);
    shown.mask(value, i);
  }
  shown.end(std::min(i, text.size()));
}

void TranscriptMask::append_url(std::string_view url, std::string& out) const {
  append_text(url, true, out);
}

bool TranscriptMask::shows_whole(std::string_view name, std::string_view value) const noexcept {
  constexpr std::string_view protocol = "sec-websocket-protocol";
  if (value.size() > text_bytes_max || hides_field(name)) return false;
  if (name.size() == protocol.size() && iequals(name, protocol)) return false;
  // In one pass: a parameter has the first, a user in a URL the second, a JSON Web Token the third.
  bool is_suspect = false;
  for (const char c : value) is_suspect |= static_cast<bool>((c == '=') | (c == '@') | (c == 'J'));
  const bool may_be_credentials = !value.empty() && lower(value.front()) == 'b';
  return !is_suspect && !may_be_credentials;
}

void TranscriptMask::append_value(std::string_view name, std::string_view value, std::string& out) const {
  if (shows_whole(name, value)) {
    out.append(value);
  } else {
    append_suspect(name, value, out);
  }
}

void TranscriptMask::append_suspect(std::string_view name, std::string_view value, std::string& out) const {
  if (hides_field(name) || istarts_with(value, "bearer ") || istarts_with(value, "basic ") || is_web_token(value)) {
    append_masked(value.size(), out);
  } else if (iequals(name, "sec-websocket-protocol")) {
    append_members(value, out);
  } else {
    append_text(value, is_url_field(name), out);
  }
}

/// Sec-WebSocket-Protocol is where pages put what a browser lets them put nowhere else: a token as a member of its own,
/// long, behind a member that announces it, or behind the prefix that Kubernetes has for it.
void TranscriptMask::append_members(std::string_view list, std::string& out) const {
  constexpr std::string_view kubernetes = "base64url.bearer.authorization.k8s.io.";
  constexpr std::size_t member_bytes_max = 64;
  Shown shown(list, out);
  bool is_announced = false;
  std::size_t i = 0;
  while (i < list.size() && !shown.is_full(i)) {
    const std::size_t end = std::min(list.find(',', i), list.size());
    const std::string_view member = trim(list.substr(i, end - i));
    const std::size_t from = member.empty() ? i : static_cast<std::size_t>(member.data() - list.data());
    if (istarts_with(member, kubernetes)) {
      shown.mask(from + kubernetes.size(), from + member.size());
      is_announced = false;
    } else if (is_announced || member.size() > member_bytes_max || is_web_token(member)) {
      shown.mask(from, from + member.size());
      is_announced = is_announced && member.empty();
    } else {
      is_announced = hides_parameter(member);
    }
    i = end + 1;
  }
  shown.end(std::min(i, list.size()));
}

}  // namespace turnout
