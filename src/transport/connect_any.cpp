#include "transport/connect_any.h"

#include <algorithm>

#include "runtime/deadline.h"
#include "runtime/pause.h"
#include "transport/tcp_connect.h"

namespace turnout {
namespace {

struct Race {
  Race(EpollLoop& at, Millis limit, Cancellation* cancellation) noexcept
      : loop(at), deadline(at, limit), news(at, cancellation) {}

  EpollLoop& loop;
  const Deadline deadline;
  Pause news;
  Cancellation losers;
  TaskGroup tries;
  std::unique_ptr<TcpStream> winner;
  Error error{Code::timed_out, Source::upstream};
};

Task<void> try_one(Race& race, Address address) {
  Result<std::unique_ptr<TcpStream>> stream =
      co_await tcp_connect(race.loop, address, race.deadline.left(), &race.losers);
  if (!stream) {
    if (stream.error().code != Code::cancelled) race.error = stream.error();
  } else if (race.winner == nullptr) {
    race.winner = std::move(*stream);
  }
  race.news.wake();
}

}  // namespace

std::vector<Address> in_turns(const std::vector<Address>& addresses) {
  std::vector<Address> families[2];
  for (const Address& address : addresses) {
    families[address.is_ipv4() == addresses.front().is_ipv4() ? 0 : 1].push_back(address);
  }
  std::vector<Address> order;
  for (std::size_t i = 0; order.size() < addresses.size(); ++i) {
    for (const std::vector<Address>& family : families) {
      if (i < family.size()) order.push_back(family[i]);
    }
  }
  return order;
}

Task<Result<std::unique_ptr<TcpStream>>> connect_any(EpollLoop& loop, std::vector<Address> addresses, Millis limit,
                                                     Cancellation* cancellation) {
  const std::vector<Address> order = in_turns(addresses);
  Race race(loop, limit, cancellation);
  Code how = Code::ok;
  for (std::size_t next = 0; race.winner == nullptr && how != Code::cancelled;) {
    const bool more = next < order.size() && !race.deadline.is_over();
    if (more) race.tries.spawn(try_one(race, order[next++]));
    if (race.tries.running() == 0) {
      if (!more || next == order.size()) break;
      continue;
    }
    // Those that run end by themselves when the time is over.
    how = co_await race.news.wait(next < order.size() ? next_address_after : race.deadline.left() + Millis(1'000));
  }
  race.losers.cancel();
  co_await race.tries.join();
  if (race.winner != nullptr && how != Code::cancelled) co_return std::move(race.winner);
  if (how == Code::cancelled) co_return fail(how, Source::internal);
  co_return std::unexpected(race.error);
}

}  // namespace turnout
