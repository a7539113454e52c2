#include "transport/dns.h"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "transport/socket_address.h"

namespace turnout {
namespace {

// Whatever a server says: an answer that may be kept for a week would outlive the server that it names.
constexpr int ttl_seconds_max = 24 * 3600;

Code code_of(int status) noexcept {
  switch (status) {
    case ARES_SUCCESS: return Code::ok;
    case ARES_ETIMEOUT: return Code::timed_out;
    case ARES_EBADRESP:
    case ARES_EFORMERR: return Code::malformed;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION: return Code::cancelled;
    case ARES_ENOMEM:
    case ARES_ENOTINITIALIZED: return Code::internal;
    default: return Code::refused;
  }
}

NameAnswer read_answer(const ares_addrinfo* list) {
  NameAnswer answer;
  int ttl_seconds = ttl_seconds_max;
  for (const ares_addrinfo_node* node = list->nodes; node != nullptr; node = node->ai_next) {
    SocketAddress at;
    if ((node->ai_family != AF_INET && node->ai_family != AF_INET6) || node->ai_addrlen > sizeof at.storage) continue;
    std::memcpy(&at.storage, node->ai_addr, node->ai_addrlen);
    Address address = to_address(at);
    address.port = 0;
    ttl_seconds = std::min(ttl_seconds, std::max(node->ai_ttl, 0));
    if (std::ranges::find(answer.addresses, address) == answer.addresses.end()) answer.addresses.push_back(address);
    if (answer.addresses.size() == Dns::addresses_max) break;
  }
  answer.ttl = std::chrono::seconds(ttl_seconds);
  if (answer.addresses.empty()) answer.code = Code::refused;
  return answer;
}

}  // namespace

struct DnsCallbacks {
  static void socket_state(void* self, int descriptor, int reading, int writing) {
    static_cast<Dns*>(self)->socket_wants(descriptor, reading != 0, writing != 0);
  }

  static void answered(void* asked_by, int status, int /*timeouts*/, ares_addrinfo* list) {
    const std::unique_ptr<Dns::Done> done(static_cast<Dns::Done*>(asked_by));
    NameAnswer answer{.code = code_of(status), .addresses = {}};
    if (status == ARES_SUCCESS && list != nullptr) answer = read_answer(list);
    if (list != nullptr) ares_freeaddrinfo(list);
    (*done)(std::move(answer));
  }
};

Dns::Socket::Socket(Dns& owner, int number) noexcept
    : EventSource([](EventSource& source, std::uint32_t events) noexcept {
        const auto& socket = static_cast<Socket&>(source);
        const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
        // c-ares may close the socket meanwhile, and this object goes with it.
        const int descriptor = socket.descriptor;
        socket.dns.process((events & EPOLLIN) != 0 || broken ? descriptor : ARES_SOCKET_BAD,
                           (events & EPOLLOUT) != 0 ? descriptor : ARES_SOCKET_BAD);
      }),
      dns(owner),
      descriptor(number) {}

Dns::Tick::Tick(Dns& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Tick&>(timer).dns.process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }),
      dns(owner) {}

Dns::Dns(EpollLoop& loop, const DnsOptions& options) : loop_(loop), tick_(*this) {
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  if (library != ARES_SUCCESS) return;
  ares_options wanted{};
  wanted.flags = 0;
  wanted.timeout = static_cast<int>(options.timeout.count());
  wanted.tries = options.tries;
  std::string lookups = "fb";  // files, then the name servers
  wanted.lookups = lookups.data();
  wanted.sock_state_cb = &DnsCallbacks::socket_state;
  wanted.sock_state_cb_data = this;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
  if (ares_init_options(&channel_, &wanted, mask) != ARES_SUCCESS) {
    channel_ = nullptr;
    return;
  }
  if (!options.servers.empty() && ares_set_servers_ports_csv(channel_, options.servers.c_str()) != ARES_SUCCESS) {
    ares_destroy(channel_);
    channel_ = nullptr;
  }
  if (options.hosts_from_environment) flags_ |= ARES_AI_ENVHOSTS;
}

Dns::~Dns() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

void Dns::start(const std::string& name, Done done) {
  if (channel_ == nullptr) {
    done({.code = Code::internal, .addresses = {}});
    return;
  }
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags_;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &DnsCallbacks::answered, new Done(std::move(done)));
  set_timer();
}

void Dns::socket_wants(int descriptor, bool reading, bool writing) {
  if (!reading && !writing) {
    const auto known = sockets_.find(descriptor);
    if (known == sockets_.end()) return;
    loop_.forget(*known->second);  // it is closed right after, which takes it out of the loop
    sockets_.erase(known);
    return;
  }
  std::unique_ptr<Socket>& socket = sockets_[descriptor];
  if (socket == nullptr) socket = std::make_unique<Socket>(*this, descriptor);
  // Where the system has no room for it the query ends at its time limit.
  const Result<void> watched = loop_.watch(descriptor, *socket, (reading ? EPOLLIN : 0u) | (writing ? EPOLLOUT : 0u));
  (void)watched;
}

void Dns::process(int readable, int writable) noexcept {
  ares_process_fd(channel_, readable, writable);
  set_timer();
}

void Dns::set_timer() noexcept {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) {
    loop_.wheel().clear(tick_);
    return;
  }
  // One more: the wheel's clock is a coarse one, and a timer that comes too early would only be set again.
  loop_.set_timer(tick_, std::chrono::seconds(left.tv_sec) + Millis(left.tv_usec / 1000 + 1));
}

}  // namespace turnout
