#include "codec/proxy_protocol/header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/ascii.h"

namespace turnout {
namespace {

using Status = ProxyHeaderParse::Status;

// "PROXY TCP6 " and two addresses of 39 bytes, two ports, the spaces and the line's end; the length that the
// specification names for the longest line.
constexpr std::size_t line_bytes_max = 107;
constexpr std::string_view v1_begin = "PROXY ";
constexpr std::string_view v2_signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t v2_fixed_bytes = 16;
constexpr std::size_t ipv4_bytes = 12;   // two addresses and two ports
constexpr std::size_t ipv6_bytes = 36;   // the same
constexpr std::size_t unix_bytes = 216;  // two names of sockets
constexpr std::size_t mapped_prefix_bytes = 12;

constexpr ProxyHeaderParse malformed{Status::malformed, 0, std::nullopt};
constexpr ProxyHeaderParse incomplete{Status::incomplete, 0, std::nullopt};

/// What lies in front of the next space, which is taken away with it.
std::string_view take_word(std::string_view& line) noexcept {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  return word;
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  std::uint32_t port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  if (port > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

ProxyHeaderParse parse_v1(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, line_bytes_max).find("\r\n");
  if (end == std::string_view::npos) return bytes.size() < line_bytes_max ? incomplete : malformed;
  std::string_view line = bytes.substr(v1_begin.size(), end - v1_begin.size());
  ProxyHeaderParse parse{Status::whole, end + 2, std::nullopt};
  const bool ends_in_space = line.ends_with(' ');
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return parse;  // "the receiver must ignore anything" behind it
  if ((family != "TCP4" && family != "TCP6") || ends_in_space) return malformed;

  const std::string_view source_text = take_word(line);
  const std::string_view destination_text = take_word(line);
  const std::optional<std::uint16_t> source_port = parse_port(take_word(line));
  const std::optional<std::uint16_t> destination_port = parse_port(take_word(line));
  std::optional<Address> source = parse_ip(source_text);
  std::optional<Address> destination = parse_ip(destination_text);
  if (!source || !destination || !source_port || !destination_port || !line.empty()) return malformed;
  const bool as_ipv6 = family == "TCP6";
  const auto is_written_so = [&](std::string_view text) { return (text.find(':') != text.npos) == as_ipv6; };
  if (!is_written_so(source_text) || !is_written_so(destination_text)) return malformed;
  source->port = *source_port;
  destination->port = *destination_port;
  parse.connection = {*source, *destination};
  return parse;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

Address address_at(std::string_view bytes, std::size_t at, std::size_t size) noexcept {
  Address address;
  if (size == 4) address.bytes[10] = address.bytes[11] = 0xff;
  for (std::size_t i = 0; i < size; ++i) address.bytes[16 - size + i] = byte_at(bytes, at + i);
  return address;
}

/// Type, length and value, one after the other to the end. None of them is of interest here.
bool are_tlvs(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    if (bytes.size() < 3) return false;
    const std::size_t size = number_at(bytes, 1);
    if (bytes.size() - 3 < size) return false;
    bytes.remove_prefix(3 + size);
  }
  return true;
}

ProxyHeaderParse parse_v2(std::string_view bytes) {
  constexpr std::uint8_t local = 0x20;
  constexpr std::uint8_t proxied = 0x21;
  if (bytes.size() > 12 && byte_at(bytes, 12) != local && byte_at(bytes, 12) != proxied) return malformed;
  if (bytes.size() < v2_fixed_bytes) return incomplete;
  const std::size_t size = number_at(bytes, 14);
  if (size > proxy_header_bytes_max - v2_fixed_bytes) return malformed;
  if (bytes.size() - v2_fixed_bytes < size) return incomplete;
  const std::string_view content = bytes.substr(v2_fixed_bytes, size);
  ProxyHeaderParse parse{Status::whole, v2_fixed_bytes + size, std::nullopt};
  if (byte_at(bytes, 12) == local) return parse;  // "must discard" the rest

  std::size_t address_bytes = 0;
  switch (byte_at(bytes, 13)) {
    case 0x00: break;  // UNSPEC
    case 0x11: address_bytes = ipv4_bytes; break;
    case 0x21: address_bytes = ipv6_bytes; break;
    case 0x31: address_bytes = unix_bytes; break;
    default: return malformed;  // datagrams do not come over TCP
  }
  if (size < address_bytes || !are_tlvs(content.substr(address_bytes))) return malformed;
  if (address_bytes == ipv4_bytes || address_bytes == ipv6_bytes) {
    const std::size_t each = (address_bytes - 4) / 2;
    ProxiedConnection connection{address_at(content, 0, each), address_at(content, each, each)};
    connection.source.port = number_at(content, 2 * each);
    connection.destination.port = number_at(content, 2 * each + 2);
    parse.connection = connection;
  }
  return parse;
}

/// As IPv6, where one of two addresses is: there IPv4 has its mapped form.
void append_ip(PooledString& out, const Address& address, bool as_ipv6) {
  char text[ip_text_size_max + 1];
  const std::size_t size = write_ip(address, text);
  if (as_ipv6 && address.is_ipv4()) out.append("::ffff:");
  out.append(text, size);
}

void append_port(PooledString& out, std::uint16_t port) {
  std::array<char, 5> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), port).ptr;
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

void append_number(PooledString& out, std::uint16_t number) {
  out.push_back(static_cast<char>(number >> 8));
  out.push_back(static_cast<char>(number & 0xff));
}

void append_address(PooledString& out, const Address& address, bool as_ipv6) {
  const char* bytes = reinterpret_cast<const char*>(address.bytes.data());
  out.append(as_ipv6 ? std::string_view(bytes, 16) : std::string_view(bytes + mapped_prefix_bytes, 4));
}

}  // namespace

ProxyHeaderParse parse_proxy_header(Bytes input) {
  const std::string_view bytes = as_text(input);
  const auto begins_like = [&](std::string_view begin) {
    const std::size_t n = std::min(bytes.size(), begin.size());
    return bytes.substr(0, n) == begin.substr(0, n);
  };
  if (begins_like(v1_begin)) return bytes.size() < v1_begin.size() ? incomplete : parse_v1(bytes);
  if (begins_like(v2_signature)) return bytes.size() < v2_signature.size() ? incomplete : parse_v2(bytes);
  return malformed;
}

void append_proxy_header_v1(PooledString& out, const std::optional<ProxiedConnection>& connection) {
  if (!connection) {
    out.append("PROXY UNKNOWN\r\n");
    return;
  }
  const bool as_ipv6 = !connection->source.is_ipv4() || !connection->destination.is_ipv4();
  out.append(as_ipv6 ? "PROXY TCP6 " : "PROXY TCP4 ");
  append_ip(out, connection->source, as_ipv6);
  out.push_back(' ');
  append_ip(out, connection->destination, as_ipv6);
  out.push_back(' ');
  append_port(out, connection->source.port);
  out.push_back(' ');
  append_port(out, connection->destination.port);
  out.append("\r\n");
}

void append_proxy_header_v2(PooledString& out, const std::optional<ProxiedConnection>& connection) {
  out.append(v2_signature);
  if (!connection) {
    out.append(std::string_view("\x20\0\0\0", 4));  // LOCAL, UNSPEC
    return;
  }
  const bool as_ipv6 = !connection->source.is_ipv4() || !connection->destination.is_ipv4();
  out.append(as_ipv6 ? "\x21\x21" : "\x21\x11");
  append_number(out, as_ipv6 ? ipv6_bytes : ipv4_bytes);
  append_address(out, connection->source, as_ipv6);
  append_address(out, connection->destination, as_ipv6);
  append_number(out, connection->source.port);
  append_number(out, connection->destination.port);
}

}  // namespace turnout
