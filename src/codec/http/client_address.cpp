#include "codec/http/client_address.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"

namespace turnout {
namespace {

/// The last entries of a list, of which any number may come.
class Hops {
 public:
  void add(std::optional<Address> hop) noexcept { hops_[count_++ % forwarded_hops_max] = hop; }
  std::size_t count() const noexcept { return count_; }
  std::size_t kept() const noexcept { return std::min(count_, forwarded_hops_max); }
  /// 0 is the last one.
  std::optional<Address> from_end(std::size_t index) const noexcept {
    return hops_[(count_ - 1 - index) % forwarded_hops_max];
  }

 private:
  std::array<std::optional<Address>, forwarded_hops_max> hops_;
  std::size_t count_ = 0;
};

/// One place of a Forwarded field (RFC 7239 section 4), read from its front.
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }

  void skip_spaces() noexcept {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }

  bool take(char wanted) noexcept {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view take_token() noexcept {
    std::size_t size = 0;
    while (size < rest_.size() && is_token_char(rest_[size])) ++size;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  /// A token, or a quoted string without its quotes. No node has a character that would need a backslash.
  std::optional<std::string_view> take_value() noexcept {
    if (!take('"')) {
      const std::string_view token = take_token();
      return token.empty() ? std::nullopt : std::optional(token);
    }
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != '"') size += rest_[size] == '\\' ? 2 : 1;
    if (size >= rest_.size()) return std::nullopt;
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return value;
  }

 private:
  std::string_view rest_;
};

/// Adds the hops of one Forwarded field. False where it breaks the grammar.
bool read_forwarded(std::string_view text, Hops& hops) {
  ForwardedReader reader(text);
  while (true) {
    reader.skip_spaces();
    if (reader.take(',')) continue;  // empty members are tolerated (RFC 9110 section 5.6.1.2)
    if (reader.at_end()) return true;
    std::optional<Address> node;
    bool names_somebody = false;
    do {
      reader.skip_spaces();
      const std::string_view name = reader.take_token();
      if (name.empty()) continue;  // "a=b;" and ";;" are forwarded-element as well
      if (!reader.take('=')) return false;
      const std::optional<std::string_view> value = reader.take_value();
      if (!value) return false;
      reader.skip_spaces();
      if (!iequals(name, "for")) continue;
      if (std::exchange(names_somebody, true)) return false;  // each parameter once
      node = parse_node(*value);
    } while (reader.take(';'));
    reader.skip_spaces();
    if (!reader.at_end() && !reader.take(',')) return false;
    hops.add(node);
  }
}

}  // namespace

std::optional<Address> parse_node(std::string_view text) {
  if (auto address = parse_ip(text)) return address;
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    const std::string_view inside = text.substr(1, text.size() - 2);
    return inside.find(':') != std::string_view::npos ? parse_ip(inside) : std::nullopt;
  }
  if (text.starts_with(':')) return std::nullopt;  // would be every address
  return parse_address(text);
}

ClientAddress client_address(const FieldList& fields, const Address& peer, std::span<const Network> trusted) {
  ClientAddress client{peer, ClientAddress::Source::peer};
  if (!contains(trusted, peer)) return client;

  Hops hops;
  bool readable = true;
  if (fields.has("x-forwarded-for")) {
    for (const Field field : fields) {
      if (!iequals(field.name, "x-forwarded-for")) continue;
      for_each_member(field.value, [&](std::string_view member) {
        hops.add(parse_node(member));
        return true;
      });
    }
  } else {
    for (const Field field : fields) {
      if (iequals(field.name, "forwarded")) readable = read_forwarded(field.value, hops) && readable;
    }
  }
  if (!readable) return {peer, ClientAddress::Source::unclear};
  for (std::size_t index = 0; index < hops.kept(); ++index) {
    const std::optional<Address> hop = hops.from_end(index);
    if (!hop) return {client.address, ClientAddress::Source::unclear};
    client = {*hop, ClientAddress::Source::forwarded};
    if (!contains(trusted, *hop)) return client;
  }
  if (hops.count() > hops.kept()) client.source = ClientAddress::Source::unclear;
  return client;
}

}  // namespace turnout
