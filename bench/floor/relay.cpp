// Copies between each client and a connection of its own to the backend.
#include <vector>

#include "bench/floor/floor.h"
#include "bench/shared/listener.h"
#include "bench/shared/outbox.h"

namespace turnout::bench {
namespace {

struct Setup {
  Poller& poller;
  Address backend;
  std::vector<char> buffer;
  int socket_buffer;
};

constexpr int reads_at_once = 16;  // then the others get their turn

class Pair {
 public:
  Pair(Setup& setup, int client, int server) : setup_(setup), client_(*this, client), server_(*this, server) {
    setup.poller.add(client, client_);
    setup.poller.add(server, server_);
  }

 private:
  struct Side final : Handler {
    Side(Pair& of, int fd) : pair(of), socket(fd) {}
    void on_events(std::uint32_t events) override {
      socket.note(events);
      pair.copy(*this);
    }

    Pair& pair;
    Socket socket;
    Outbox outbox;  // on its way to this side
    bool finished = false;
  };

  struct Remains;

  void copy(Side& awake);
  void move(Side& from, Side& to);

  Setup& setup_;
  Side client_;
  Side server_;
  bool over_ = false;
};

// Both sides are members of one object: it goes as a whole, after the round.
struct Pair::Remains final : Handler {
  explicit Remains(Pair* of) : pair(of) {}
  void on_events(std::uint32_t) override {}
  std::unique_ptr<Pair> pair;
};

void Pair::copy(Side& awake) {
  if (over_) return;
  Side& other = &awake == &client_ ? server_ : client_;
  move(awake, other);
  move(other, awake);
  const bool failed = client_.socket.error() != 0 || server_.socket.error() != 0;
  if (!failed && !(client_.finished && server_.finished)) return;
  over_ = true;
  client_.socket.close();
  server_.socket.close();
  setup_.poller.forget(client_);
  setup_.poller.forget(server_);
  setup_.poller.discard(new Remains(this));
}

void Pair::move(Side& from, Side& to) {
  if (!to.outbox.flush(to.socket)) return;
  for (int reads = 0; from.socket.readable() && to.socket.writable(); ++reads) {
    if (reads == reads_at_once) {
      setup_.poller.again(from);
      return;
    }
    const std::size_t count = from.socket.receive(setup_.buffer.data(), setup_.buffer.size());
    if (count != 0 && !to.outbox.send(to.socket, setup_.buffer.data(), count)) return;
  }
  if (from.socket.ended() && !from.finished) {
    from.finished = true;
    shutdown(to.socket.fd(), SHUT_WR);
  }
}

void bound(int fd, int bytes) {
  if (bytes == 0) return;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

}  // namespace

int serve_relay(const Options& options) {
  Poller poller;
  Setup setup{.poller = poller,
              .backend = options.address("backend"),
              .buffer = std::vector<char>(options.number("buffer-size", 65536)),
              .socket_buffer = static_cast<int>(options.number("socket-buffer", 0))};
  Listener listener(poller, options.address("listen"), [&](int client) {
    const int server = start_connecting(setup.backend, Address{});
    if (server < 0) {
      close(client);
      return;
    }
    bound(client, setup.socket_buffer);
    bound(server, setup.socket_buffer);
    new Pair(setup, client, server);
  });
  return serve(poller);
}

}  // namespace turnout::bench
