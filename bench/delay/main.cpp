// Two network namespaces with a wire between them that takes its time: every packet, those of TCP's handshake among
// them, arrives so many milliseconds after it was sent.
//
//   ip netns add near; ip netns add far
//   build-bench/delay --one-way-ms 10 --names near far     # 10.77.0.1 and 10.77.0.2; says "ready"
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string_view>
#include <vector>

#include "bench/delay/tun.h"
#include "bench/shared/clock.h"

namespace {

using namespace turnout::bench;

constexpr std::size_t packet_bytes_max = 65536;
constexpr std::size_t packets_held_max = 100000;  // each way; what is more is lost, as on any wire

struct Packet {
  std::int64_t due;
  std::vector<char> bytes;
};

/// One direction. All packets take as long, so they leave in the order in which they came.
class Wire {
 public:
  Wire(int from, int to, std::int64_t delay_ns) : from_(from), to_(to), delay_ns_(delay_ns) {}

  void read_all() {
    static std::array<char, packet_bytes_max> buffer;
    for (;;) {
      const ssize_t count = read(from_, buffer.data(), buffer.size());
      if (count <= 0) return;
      if (held_.size() == packets_held_max) continue;
      held_.push_back({now_ns() + delay_ns_, {buffer.data(), buffer.data() + count}});
    }
  }

  void write_due(std::int64_t now) {
    for (; !held_.empty() && held_.front().due <= now; held_.pop_front()) {
      // A packet that the other side does not take is lost; TCP sends it again.
      if (write(to_, held_.front().bytes.data(), held_.front().bytes.size()) < 0) ++lost_;
    }
  }

  std::int64_t next_due(std::int64_t otherwise) const { return held_.empty() ? otherwise : held_.front().due; }
  std::size_t lost() const noexcept { return lost_; }

 private:
  int from_;
  int to_;
  std::int64_t delay_ns_;
  std::deque<Packet> held_;
  std::size_t lost_ = 0;
};

volatile std::sig_atomic_t stopped = 0;

[[noreturn]] void refuse() {
  std::fputs("usage: delay --one-way-ms MILLISECONDS --names NAMESPACE NAMESPACE\n", stderr);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6 || std::string_view(argv[1]) != "--one-way-ms" || std::string_view(argv[3]) != "--names") refuse();
  const double delay_ms = std::strtod(argv[2], nullptr);
  if (delay_ms <= 0) refuse();
  const auto delay_ns = static_cast<std::int64_t>(delay_ms * 1e6);

  struct sigaction action = {};
  action.sa_handler = [](int) { stopped = 1; };  // without SA_RESTART: the wait has to end
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  prctl(PR_SET_TIMERSLACK, 1UL);

  std::array<pollfd, 2> ends{
      {{open_tun({argv[4], "10.77.0.1"}), POLLIN, 0}, {open_tun({argv[5], "10.77.0.2"}), POLLIN, 0}}};
  Wire there(ends[0].fd, ends[1].fd, delay_ns);
  Wire back(ends[1].fd, ends[0].fd, delay_ns);
  std::puts("ready");
  std::fflush(stdout);

  while (!stopped) {
    const std::int64_t now = now_ns();
    const std::int64_t wake = std::min(there.next_due(now + second_ns), back.next_due(now + second_ns));
    const std::int64_t left = std::max<std::int64_t>(0, wake - now);
    const timespec timeout{.tv_sec = left / second_ns, .tv_nsec = left % second_ns};
    ppoll(ends.data(), ends.size(), &timeout, nullptr);
    there.read_all();
    back.read_all();
    there.write_due(now_ns());
    back.write_due(now_ns());
  }
  if (there.lost() + back.lost() != 0) std::fprintf(stderr, "%zu packets lost\n", there.lost() + back.lost());
  return 0;
}
