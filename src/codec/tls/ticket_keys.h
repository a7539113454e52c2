// TicketKeys: what seals session tickets. Keys live one hour and open tickets for one more; at the next handshake they
// are overwritten, so that what was resumed with them stays secret.
//
//   TicketKeys keys;
//   TicketKeys::Key key = keys.current();             // to seal
//   auto found = keys.find(name);                     // to open; nothing: full handshake
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <span>

namespace turnout {

class TicketKeys {
 public:
  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> aes{};
    std::array<unsigned char, 32> hmac{};

    Key() = default;
    Key(const Key&) = default;
    Key& operator=(const Key&) = default;
    ~Key();  // overwrites: no copy is left behind
  };
  struct Found {
    Key key;
    bool retiring;  // the ticket should be replaced by one under the current key
  };
  using Clock = std::function<std::chrono::seconds()>;

  static constexpr std::chrono::seconds lifetime{3600};

  TicketKeys();
  explicit TicketKeys(Clock clock);
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// Nothing if the system has no randomness to give: then no ticket is issued.
  std::optional<Key> current();
  std::optional<Found> find(std::span<const unsigned char, 16> name);

 private:
  void rotate();

  Clock clock_;
  std::mutex mutex_;  // handshakes of all workers meet here, for a copy of 80 bytes
  std::optional<Key> current_;
  std::optional<Key> previous_;
  std::chrono::seconds made_at_{0};
};

}  // namespace turnout
