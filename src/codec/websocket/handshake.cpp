#include "codec/websocket/handshake.h"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/ascii.h"
#include "base/bytes.h"
#include "codec/http/authority.h"
#include "codec/http/base64.h"

namespace turnout::websocket {
namespace {

constexpr std::string_view version_spoken = "13";
constexpr std::size_t key_bytes = 16;

std::unexpected<HandshakeFault> fault(Why why, int status = 400) {
  return std::unexpected(HandshakeFault{status, why, {}});
}

/// 22 digits of base64 and two signs of padding always mean 16 bytes. Stray bits in the last digit are let pass:
/// RFC 6455 section 4.1 itself has such a key as its example.
bool is_key(std::string_view text) {
  constexpr std::size_t digits = 22;
  if (text.size() != digits + 2 || text.substr(digits) != "==") return false;
  return std::ranges::all_of(text.substr(0, digits), [](char c) {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '+' || c == '/';
  });
}

/// The one value of a field; nothing where it is missing or comes more than once.
std::optional<std::string_view> find_single(const FieldList& fields, std::string_view name) {
  if (fields.count(name) != 1) return std::nullopt;
  return fields.find(name);
}

/// Several fields of one name mean the same as one with their values joined (RFC 9110 section 5.3).
std::optional<std::string> find_joined(const FieldList& fields, std::string_view name) {
  std::optional<std::string> joined;
  for (Field field : fields) {
    if (!iequals(field.name, name)) continue;
    if (joined) {
      joined->append(",").append(field.value);
    } else {
      joined = std::string(field.value);
    }
  }
  return joined;
}

/// RFC 6455 section 4.1: the elements are tokens, and all of them differ. Unlike in other lists no element may be
/// empty. Nothing where that does not hold.
std::optional<std::vector<std::string>> parse_subprotocols(std::string_view list) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view name = trim(list.substr(0, comma));
    if (!is_token(name)) return std::nullopt;
    names.emplace_back(name);
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  // Sorted, so that a long list costs no quadratic time.
  std::vector<std::string_view> sorted(names.begin(), names.end());
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) return std::nullopt;
  return names;
}

bool has_content(const FieldList& fields) {
  if (fields.has("Transfer-Encoding")) return true;
  for (Field field : fields) {
    if (iequals(field.name, "Content-Length") && field.value != "0") return true;
  }
  return false;
}

/// What HTTP/1.1 needs besides (RFC 6455 section 4.2.1). The version is looked at before the key: earlier versions
/// of WebSocket have no such key, and their clients have to learn which version is spoken.
std::optional<HandshakeFault> find_http1_fault(const RequestHead& head) {
  const FieldList& fields = head.fields;
  if (!fields.has_token("Upgrade", "websocket")) {
    HandshakeFault required{426, Why::upgrade_required, {}};
    required.fields.add("Upgrade", "websocket");
    required.fields.add("Sec-WebSocket-Version", version_spoken);
    return required;
  }
  if (head.version != HttpVersion::http11) return HandshakeFault{400, Why::websocket_http_version, {}};
  if (head.method != "GET") return HandshakeFault{400, Why::websocket_method, {}};
  if (has_content(fields)) return HandshakeFault{400, Why::websocket_body, {}};
  if (!fields.has_token("Connection", "upgrade")) return HandshakeFault{400, Why::websocket_connection, {}};
  if (head.authority.empty()) return HandshakeFault{400, Why::malformed, {}};
  return std::nullopt;
}

std::optional<HandshakeFault> find_version_fault(const RequestHead& head) {
  const auto version = find_single(head.fields, "Sec-WebSocket-Version");
  if (version == version_spoken) return std::nullopt;
  HandshakeFault wrong{400, Why::websocket_version, {}};
  // A version that is not spoken is one thing, none or several another. Upgrade belongs to a 426 (RFC 9110 section
  // 15.5.22) and cannot be said in HTTP/2.
  if (version && head.version != HttpVersion::http2) {
    wrong.status = 426;
    wrong.fields.add("Upgrade", "websocket");
  }
  wrong.fields.add("Sec-WebSocket-Version", version_spoken);
  return wrong;
}

/// A serialised origin (RFC 6454 section 6.1), letter case and default ports aside.
struct Origin {
  std::string scheme;
  std::string host;
  std::uint32_t port = 0;  // 0: the scheme has no default, and none was given
  friend bool operator==(const Origin&, const Origin&) = default;
};

std::optional<Origin> make_origin(std::string_view scheme, std::string_view authority) {
  const auto where = parse_authority(authority);
  if (!where || scheme.empty()) return std::nullopt;
  Origin origin{to_lower(scheme), to_lower(where->host), 0};
  if (where->port) {
    origin.port = *where->port;
  } else if (origin.scheme == "http") {
    origin.port = 80;
  } else if (origin.scheme == "https") {
    origin.port = 443;
  }
  return origin;
}

std::optional<Origin> parse_origin(std::string_view text) {
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  return make_origin(text.substr(0, mark), text.substr(mark + 3));
}

bool is_offered(const std::vector<std::string>& offered, std::string_view subprotocol) {
  return std::ranges::find(offered, subprotocol) != offered.end();
}

/// RFC 6455 section 4.1 (what the client checks), with what law L3 adds.
bool is_http1_switch(const FieldList& fields, std::string_view key) {
  const auto upgrade = find_single(fields, "Upgrade");
  if (!upgrade || !iequals(trim(*upgrade), "websocket")) return false;
  if (!fields.has_token("Connection", "upgrade")) return false;
  if (fields.has("Content-Length") || fields.has("Transfer-Encoding")) return false;
  const auto accept = find_single(fields, "Sec-WebSocket-Accept");
  return accept && trim(*accept) == accept_for(key);
}

}  // namespace

std::expected<ServerHandshake, HandshakeFault> check_request(const RequestHead& head, const DeflatePolicy& deflate) {
  ServerHandshake handshake;
  const bool http2 = head.version == HttpVersion::http2;
  if (http2) {
    // RFC 8441 section 5: no Connection, Upgrade, Key or Accept; the rest is as in RFC 6455.
    if (head.method != "CONNECT") return fault(Why::websocket_method);
    if (!iequals(head.protocol, "websocket")) return fault(Why::unknown_protocol);
    handshake.status = 200;
  } else if (auto wrong = find_http1_fault(head)) {
    return std::unexpected(std::move(*wrong));
  }
  if (auto wrong = find_version_fault(head)) return std::unexpected(std::move(*wrong));
  if (!http2) {
    const auto key = find_single(head.fields, "Sec-WebSocket-Key");
    if (!key || !is_key(trim(*key))) return fault(Why::websocket_key);
    handshake.accept = accept_for(trim(*key));
  }
  if (const auto list = find_joined(head.fields, "Sec-WebSocket-Protocol")) {
    auto names = parse_subprotocols(*list);
    if (!names) return fault(Why::websocket_subprotocol);
    handshake.subprotocols = std::move(*names);
  }
  if (const auto list = find_joined(head.fields, "Sec-WebSocket-Extensions")) {
    const auto offers = parse_extensions(*list);
    if (!offers) return fault(Why::websocket_extensions);
    handshake.deflate = choose_deflate(*offers, deflate);
  }
  return handshake;
}

void add_answer_fields(const ServerHandshake& handshake, std::string_view subprotocol, FieldList& fields) {
  if (!handshake.accept.empty()) {
    fields.add("Upgrade", "websocket");
    fields.add("Sec-WebSocket-Accept", handshake.accept);
  }
  if (!subprotocol.empty()) fields.add("Sec-WebSocket-Protocol", subprotocol);
  if (handshake.deflate) fields.add("Sec-WebSocket-Extensions", to_answer(*handshake.deflate));
}

std::string accept_for(std::string_view key) {
  // EVP_Digest() would look for an implementation, and make a context, each time.
  using Digest = std::unique_ptr<EVP_MD, decltype([](EVP_MD* one) { EVP_MD_free(one); })>;
  using Context = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* one) { EVP_MD_CTX_free(one); })>;
  thread_local const Digest sha1(EVP_MD_fetch(nullptr, "SHA1", nullptr));
  thread_local const Context context(EVP_MD_CTX_new());
  std::string text(key);
  text.append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned digest_bytes = 0;
  // RFC 6455 section 4.2.2 asks for SHA-1; nothing depends on its strength here.
  if (EVP_DigestInit_ex2(context.get(), sha1.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), &digest_bytes) != 1) {
    std::abort();
  }
  const PooledString encoded = base64_encode(std::as_bytes(std::span(digest).first(digest_bytes)));
  return std::string(encoded);
}

bool origin_allowed(const RequestHead& head, const OriginPolicy& policy) {
  if (policy.kind == OriginPolicy::Kind::any) return true;
  const std::size_t count = head.fields.count("Origin");
  if (count == 0) return true;
  // RFC 6454 section 7.3: a user agent sends one at most.
  if (count > 1) return false;
  const std::string_view text = trim(*head.fields.find("Origin"));
  const auto asked = parse_origin(text);
  if (asked && asked == make_origin(head.secure ? "https" : "http", head.authority)) return true;
  return std::ranges::any_of(policy.listed, [&](const std::string& allowed) {
    return asked ? parse_origin(allowed) == asked : text == "null" && allowed == "null";
  });
}

std::string make_key() {
  std::array<std::byte, key_bytes> random;
  std::size_t have = 0;
  while (have < random.size()) {
    const ssize_t n = getrandom(random.data() + have, random.size() - have, 0);
    if (n < 0 && errno != EINTR) std::abort();
    if (n > 0) have += static_cast<std::size_t>(n);
  }
  return std::string(base64_encode(random));
}

void add_request_fields(const ClientOffer& offer, HttpVersion version, FieldList& fields) {
  if (version != HttpVersion::http2) {
    fields.add("Upgrade", "websocket");
    fields.add("Sec-WebSocket-Key", offer.key);
  }
  fields.add("Sec-WebSocket-Version", version_spoken);
  if (!offer.subprotocols.empty()) {
    std::string list;
    for (const std::string& name : offer.subprotocols) {
      if (!list.empty()) list.append(", ");
      list.append(name);
    }
    fields.add("Sec-WebSocket-Protocol", list);
  }
  if (offer.deflate.enabled) fields.add("Sec-WebSocket-Extensions", to_offer(offer.deflate));
}

std::expected<ClientHandshake, Why> check_answer(const ResponseHead& answer, const ClientOffer& offer,
                                                 HttpVersion version) {
  if (version == HttpVersion::http2) {
    // RFC 8441 section 5: any 2xx.
    if (answer.status < 200 || answer.status > 299) return std::unexpected(Why::websocket_declined);
  } else {
    if (answer.status != 101) return std::unexpected(Why::websocket_declined);
    if (!is_http1_switch(answer.fields, offer.key)) return std::unexpected(Why::websocket_answer);
  }
  ClientHandshake handshake;
  if (answer.fields.has("Sec-WebSocket-Protocol")) {
    const auto name = find_single(answer.fields, "Sec-WebSocket-Protocol");
    if (!name || !is_offered(offer.subprotocols, trim(*name))) return std::unexpected(Why::websocket_subprotocol);
    handshake.subprotocol = trim(*name);
  }
  if (const auto list = find_joined(answer.fields, "Sec-WebSocket-Extensions")) {
    const auto extensions = parse_extensions(*list);
    if (!extensions) return std::unexpected(Why::websocket_extensions);
    handshake.deflate = check_deflate_answer(*extensions, offer.deflate);
    if (!handshake.deflate) return std::unexpected(Why::websocket_extensions);
  }
  return handshake;
}

}  // namespace turnout::websocket
