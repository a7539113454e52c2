#include "tests/support/dns_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>

namespace turnout {
namespace {

constexpr std::size_t header_size = 12;

std::uint16_t number_at(std::string_view message, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(message[at]) << 8 |
                                    static_cast<std::uint8_t>(message[at + 1]));
}

void put(std::string& to, std::uint32_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to += static_cast<char>(number >> (8 * i) & 0xff);
}

std::string wire_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    put(out, static_cast<std::uint32_t>(dot), 1);
    out += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out + '\0';
}

void put_record(std::string& to, std::string_view owner, std::uint16_t type, std::uint32_t ttl, std::string_view data) {
  to += owner;
  put(to, type, 2);
  put(to, 1, 2);  // IN
  put(to, ttl, 4);
  put(to, static_cast<std::uint32_t>(data.size()), 2);
  to += data;
}

}  // namespace

DnsServer::DnsServer(EpollLoop& loop)
    : EventSource([](EventSource& source, std::uint32_t) noexcept { static_cast<DnsServer&>(source).receive(); }),
      loop_(loop) {
  // The same port for both, which somebody else may hold for one of them.
  for (int i = 0; i < 50; ++i) {
    socket_ = Descriptor(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const SocketAddress any = to_socket_address(*parse_address("127.0.0.1:0"));
    EXPECT_EQ(bind(socket_.get(), any.data(), any.size), 0);
    at_ = local_address(socket_.get());
    auto listening = open_listening_sockets(at_, 1);
    if (!listening) continue;
    tcp_ = std::make_unique<TcpListener>(loop_, std::move(listening->front()),
                                         [this](std::unique_ptr<TcpStream> stream, const Address&, const Address&) {
                                           loop_.connections.spawn(serve(Wire(std::move(stream))));
                                         });
    EXPECT_TRUE(loop_.add(socket_.get(), *this));
    return;
  }
  ADD_FAILURE() << "no port for a name server";
}

DnsServer::~DnsServer() {
  loop_.forget(*this);
}

void DnsServer::receive() noexcept {
  char buffer[1500];
  while (true) {
    SocketAddress from;
    const ssize_t n = recvfrom(socket_.get(), buffer, sizeof buffer, 0, from.data(), &from.size);
    if (n < 0) return;
    last_ = from;
    auto question = parse({buffer, static_cast<std::size_t>(n)});
    if (!question) continue;
    asked.push_back(*question);
    if (const auto reply = script(*question)) send_late(*reply);
  }
}

void DnsServer::send_late(std::string_view message) {
  (void)sendto(socket_.get(), message.data(), message.size(), 0, last_.data(), last_.size);
}

Task<void> DnsServer::serve(Wire wire) {
  while (true) {
    while (wire.peek().size() < 2 || wire.peek().size() < 2u + number_at(as_text(wire.peek()), 0)) {
      const Result<std::size_t> n = co_await wire.fill();
      if (!n || *n == 0) co_return;
    }
    const std::size_t size = number_at(as_text(wire.peek()), 0);
    auto question = parse(as_text(wire.peek()).substr(2, size));
    wire.consume(2 + size);
    if (!question) co_return;
    question->tcp = true;
    asked.push_back(*question);
    const auto reply = script(*question);
    if (!reply) co_return;
    std::string framed;
    put(framed, static_cast<std::uint32_t>(reply->size()), 2);
    framed += *reply;
    const Result<void> sent = co_await wire.write(std::string_view(framed));
    if (!sent) co_return;
  }
}

std::optional<DnsServer::Question> DnsServer::parse(std::string_view message) {
  Question question;
  question.message = message;
  std::size_t at = header_size;
  while (at < message.size() && message[at] != 0) {
    const auto size = static_cast<std::uint8_t>(message[at]);
    if (at + 1 + size >= message.size()) return std::nullopt;
    if (!question.name.empty()) question.name += '.';
    question.name += message.substr(at + 1, size);
    at += 1u + size;
  }
  if (at + 5 > message.size()) return std::nullopt;
  question.type = number_at(message, at + 1);
  question.message.resize(at + 5);
  return question;
}

std::string DnsServer::Question::reply(const Reply& reply) const {
  std::string records;
  std::uint32_t count = 0;
  std::string owner = "\xc0\x0c";  // the name in the question
  if (!reply.alias.empty()) {
    put_record(records, owner, 5, reply.ttl_seconds, wire_name(reply.alias));
    owner = wire_name(reply.alias);
    ++count;
  }
  for (const std::string& text : reply.addresses) {
    const Address address = *parse_ip(text);
    if (address.is_ipv4() != (type == type_a)) continue;
    const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.data()), 16);
    put_record(records, owner, type, reply.ttl_seconds, address.is_ipv4() ? bytes.substr(12) : bytes);
    ++count;
  }
  std::string out = message.substr(0, 2);
  put(out, 0x8180u | (reply.truncated ? 0x0200u : 0u) | static_cast<std::uint32_t>(reply.rcode), 2);
  put(out, 1, 2);
  put(out, reply.truncated ? 0 : count, 2);
  put(out, 0, 4);
  out += message.substr(header_size);
  if (!reply.truncated) out += records;
  return out;
}

}  // namespace turnout
