#include "codec/websocket/extensions.h"

#include <algorithm>

#include "base/ascii.h"

namespace turnout::websocket {
namespace {

constexpr std::string_view permessage_deflate = "permessage-deflate";
constexpr std::string_view server_no_context_takeover = "server_no_context_takeover";
constexpr std::string_view client_no_context_takeover = "client_no_context_takeover";
constexpr std::string_view server_max_window_bits = "server_max_window_bits";
constexpr std::string_view client_max_window_bits = "client_max_window_bits";

/// Reads the text from the front, one element of the grammar at a time.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }

  void skip_space() {
    while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t')) text_.remove_prefix(1);
  }

  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  /// Empty where there is no token here.
  std::string_view take_token() {
    std::size_t size = 0;
    while (size < text_.size() && is_token_char(text_[size])) ++size;
    const std::string_view token = text_.substr(0, size);
    text_.remove_prefix(size);
    return token;
  }

  /// The content of a quoted string whose opening quote was taken; RFC 6455 section 9.1: it has to be a token too.
  std::optional<std::string> take_quoted_token() {
    std::string content;
    while (!text_.empty()) {
      char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"') return content.empty() ? std::nullopt : std::optional(content);
      if (c == '\\') {
        if (text_.empty()) return std::nullopt;
        c = text_.front();
        text_.remove_prefix(1);
      }
      if (!is_token_char(c)) return std::nullopt;
      content.push_back(c);
    }
    return std::nullopt;
  }

 private:
  std::string_view text_;
};

std::optional<ExtensionParameter> parse_parameter(Cursor& cursor) {
  ExtensionParameter parameter;
  parameter.name = cursor.take_token();
  if (parameter.name.empty()) return std::nullopt;
  cursor.skip_space();
  if (!cursor.take('=')) return parameter;
  cursor.skip_space();
  if (cursor.take('"')) {
    parameter.value = cursor.take_quoted_token();
    if (!parameter.value) return std::nullopt;
  } else {
    parameter.value = cursor.take_token();
    if (parameter.value->empty()) return std::nullopt;
  }
  cursor.skip_space();
  return parameter;
}

std::optional<Extension> parse_extension(Cursor& cursor) {
  Extension extension;
  extension.name = cursor.take_token();
  if (extension.name.empty()) return std::nullopt;
  cursor.skip_space();
  while (cursor.take(';')) {
    cursor.skip_space();
    auto parameter = parse_parameter(cursor);
    if (!parameter) return std::nullopt;
    extension.parameters.push_back(std::move(*parameter));
  }
  return extension;
}

/// 8 to 15 in decimal without leading zeros (RFC 7692 section 7.1.2).
std::optional<std::uint8_t> parse_window_bits(std::string_view text) {
  if (text == "8") return std::uint8_t{8};
  if (text == "9") return std::uint8_t{9};
  if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') {
    return static_cast<std::uint8_t>(10 + (text[1] - '0'));
  }
  return std::nullopt;
}

/// The parameters of one permessage-deflate, before either side's rules are applied.
struct Parameters {
  bool server_no_context = false;
  bool client_no_context = false;
  std::optional<std::uint8_t> server_bits;
  bool client_bits_named = false;
  std::optional<std::uint8_t> client_bits;  // an offer may name it without a value
};

/// Nothing where a parameter is unknown, comes twice, lacks its value or has one that is not allowed.
std::optional<Parameters> read_parameters(const Extension& extension) {
  Parameters out;
  const auto set_once = [](bool& flag, const ExtensionParameter& parameter) {
    if (flag || parameter.value) return false;
    flag = true;
    return true;
  };
  for (const ExtensionParameter& parameter : extension.parameters) {
    if (parameter.name == server_no_context_takeover) {
      if (!set_once(out.server_no_context, parameter)) return std::nullopt;
    } else if (parameter.name == client_no_context_takeover) {
      if (!set_once(out.client_no_context, parameter)) return std::nullopt;
    } else if (parameter.name == server_max_window_bits) {
      if (out.server_bits || !parameter.value) return std::nullopt;
      out.server_bits = parse_window_bits(*parameter.value);
      if (!out.server_bits) return std::nullopt;
    } else if (parameter.name == client_max_window_bits) {
      if (out.client_bits_named) return std::nullopt;
      out.client_bits_named = true;
      if (!parameter.value) continue;
      out.client_bits = parse_window_bits(*parameter.value);
      if (!out.client_bits) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

constexpr std::uint8_t smaller_window(std::uint8_t policy, std::uint8_t agreed) {
  return std::clamp<std::uint8_t>(std::min(policy, agreed), 8, 15);
}

}  // namespace

std::optional<std::vector<Extension>> parse_extensions(std::string_view list) {
  std::vector<Extension> extensions;
  Cursor cursor(list);
  while (true) {
    cursor.skip_space();
    // Empty members of a list are tolerated (RFC 9110 section 5.6.1.2).
    if (cursor.take(',')) continue;
    if (cursor.at_end()) break;
    auto extension = parse_extension(cursor);
    if (!extension) return std::nullopt;
    extensions.push_back(std::move(*extension));
    if (!cursor.at_end() && !cursor.take(',')) return std::nullopt;
  }
  if (extensions.empty()) return std::nullopt;
  return extensions;
}

std::optional<Deflate> choose_deflate(const std::vector<Extension>& offers, const DeflatePolicy& policy) {
  if (!policy.enabled) return std::nullopt;
  for (const Extension& offer : offers) {
    if (offer.name != permessage_deflate) continue;
    const auto asked = read_parameters(offer);
    if (!asked) continue;
    Deflate deflate;
    // RFC 7692 section 7.1.1: an answer may hold these whether or not the offer does; every client knows them.
    deflate.server_no_context_takeover = asked->server_no_context || policy.server_no_context_takeover;
    deflate.client_no_context_takeover = asked->client_no_context || policy.client_no_context_takeover;
    // Our own window may always be smaller; it is named where the client asked.
    deflate.server_max_window_bits = smaller_window(policy.server_max_window_bits, asked->server_bits.value_or(15));
    deflate.server_window_named = asked->server_bits.has_value();
    // RFC 7692 section 7.1.2.2: the client's window can be limited only where its offer says that it may be.
    if (asked->client_bits_named) {
      deflate.client_max_window_bits = smaller_window(policy.client_max_window_bits, asked->client_bits.value_or(15));
      deflate.client_window_named = true;
    }
    return deflate;
  }
  return std::nullopt;
}

std::string to_answer(const Deflate& deflate) {
  std::string out(permessage_deflate);
  const auto add = [&out](std::string_view name) { out.append("; ").append(name); };
  if (deflate.server_no_context_takeover) add(server_no_context_takeover);
  if (deflate.client_no_context_takeover) add(client_no_context_takeover);
  if (deflate.server_window_named) {
    add(server_max_window_bits);
    out.append("=").append(std::to_string(deflate.server_max_window_bits));
  }
  if (deflate.client_window_named) {
    add(client_max_window_bits);
    out.append("=").append(std::to_string(deflate.client_max_window_bits));
  }
  return out;
}

std::string to_offer(const DeflatePolicy& policy) {
  std::string out(permessage_deflate);
  const auto add = [&out](std::string_view name) { out.append("; ").append(name); };
  if (policy.server_no_context_takeover) add(server_no_context_takeover);
  if (policy.client_no_context_takeover) add(client_no_context_takeover);
  add(client_max_window_bits);
  return out;
}

std::optional<Deflate> check_deflate_answer(const std::vector<Extension>& answer, const DeflatePolicy& policy) {
  if (!policy.enabled || answer.size() != 1 || answer[0].name != permessage_deflate) return std::nullopt;
  const auto agreed = read_parameters(answer[0]);
  if (!agreed) return std::nullopt;
  // RFC 7692 section 7.1.1.1: a server that accepts an offer with this parameter has to repeat it.
  if (policy.server_no_context_takeover && !agreed->server_no_context) return std::nullopt;
  // RFC 7692 section 7.1.2.2: in an answer the parameter has a value.
  if (agreed->client_bits_named && !agreed->client_bits) return std::nullopt;
  Deflate deflate;
  deflate.server_no_context_takeover = agreed->server_no_context;
  deflate.client_no_context_takeover = agreed->client_no_context || policy.client_no_context_takeover;
  deflate.server_max_window_bits = agreed->server_bits.value_or(15);
  deflate.server_window_named = agreed->server_bits.has_value();
  deflate.client_max_window_bits = smaller_window(policy.client_max_window_bits, agreed->client_bits.value_or(15));
  deflate.client_window_named = agreed->client_bits_named;
  return deflate;
}

}  // namespace turnout::websocket
