// Resolver: the addresses of names, for one worker. It remembers them as long as they hold, and keeps the last good
// answer for when a later question gets none.
//
//   Resolver resolver(loop, std::make_unique<Dns>(loop));
//   const Result<std::vector<Address>> addresses = co_await resolver.resolve("chat.internal", Millis(5'000));
//
// Nobody waits for an answer that is only refreshed: what has just run out is used once more, and asked for again in
// the background. What ran out long ago is waited for, but only shortly.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "runtime/cancellation.h"
#include "runtime/pause.h"
#include "runtime/task.h"
#include "transport/name_lookup.h"

namespace turnout {

class Resolver {
 public:
  // Bounds of what an answer says of itself: a name server that says 0 is not asked for each request, and one that says
  // a week does not keep a server in use that has moved.
  static constexpr Millis ttl_min{1'000};
  static constexpr Millis ttl_max{300'000};
  /// After a failure nobody is asked for so long.
  static constexpr Millis retry_after{1'000};
  /// What ran out longer ago than this is not used before the new answer had its chance,
  static constexpr Millis stale_max{10'000};
  /// which is so long.
  static constexpr Millis stale_wait{250};
  static constexpr std::size_t names_max = 1024;

  Resolver(Worker& worker, std::unique_ptr<NameLookup> lookup) : worker_(worker), lookup_(std::move(lookup)) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Their ports are 0; there is at least one. An IP address is its own answer. Ends with `refused` (no such name),
  /// `timed_out`, `malformed` or `cancelled`; what was asked goes on for those who ask next.
  Task<Result<std::vector<Address>>> resolve(std::string name, Millis limit, Cancellation* cancellation = nullptr);

  /// Everybody who waits gets `cancelled`, and so does everybody who still comes.
  void shut_down() noexcept;

 private:
  struct Name {
    std::vector<Address> addresses;  // the last good answer
    std::uint64_t fresh_until_ms = 0;
    std::uint64_t retry_at_ms = 0;
    std::uint64_t used_ms = 0;
    bool asking = false;
    Code error = Code::refused;  // of the last answer, if that was not good
    std::vector<Pause*> waiting;
  };

  Name* remember(const std::string& name);
  void ask(const std::string& name, Name& entry);
  void answered(const std::string& name, NameAnswer answer) noexcept;

  Worker& worker_;
  std::map<std::string, Name, std::less<>> names_;
  bool stopped_ = false;
  std::unique_ptr<NameLookup> lookup_;  // the last member: it answers for what it was still asked when it goes away
};

}  // namespace turnout
