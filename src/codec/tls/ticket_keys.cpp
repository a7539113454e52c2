#include "codec/tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace turnout {
namespace {

std::chrono::seconds steady_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch());
}

std::optional<TicketKeys::Key> random_key() {
  TicketKeys::Key key;
  const bool made = RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) == 1 &&
                    RAND_priv_bytes(key.aes.data(), static_cast<int>(key.aes.size())) == 1 &&
                    RAND_priv_bytes(key.hmac.data(), static_cast<int>(key.hmac.size())) == 1;
  if (made) return key;
  ERR_clear_error();
  return std::nullopt;
}

}  // namespace

TicketKeys::TicketKeys() : TicketKeys(steady_seconds) {}

TicketKeys::TicketKeys(Clock clock) : clock_(std::move(clock)) {}

TicketKeys::Key::~Key() {
  OPENSSL_cleanse(this, sizeof(*this));
}

void TicketKeys::rotate() {
  const std::chrono::seconds now = clock_();
  if (current_ && now - made_at_ < lifetime) return;
  previous_.reset();
  if (current_ && now - made_at_ < 2 * lifetime) previous_ = current_;
  current_ = random_key();
  made_at_ = now;
}

std::optional<TicketKeys::Key> TicketKeys::current() {
  const std::lock_guard lock(mutex_);
  rotate();
  return current_;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const unsigned char, 16> name) {
  const std::lock_guard lock(mutex_);
  rotate();
  if (current_ && std::ranges::equal(current_->name, name)) return Found{*current_, false};
  if (previous_ && std::ranges::equal(previous_->name, name)) return Found{*previous_, true};
  return std::nullopt;
}

}  // namespace turnout
