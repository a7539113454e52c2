#include "transport/resolver.h"

#include <algorithm>
#include <cassert>

namespace turnout {
namespace {

std::uint64_t ms(Millis duration) noexcept {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Resolver::~Resolver() {
  for ([[maybe_unused]] const auto& [name, entry] : names_) {
    assert(entry.waiting.empty() && "whoever waits is cancelled and joined before");
  }
}

Task<Result<std::vector<Address>>> Resolver::resolve(std::string name, Millis limit, Cancellation* cancellation) {
  if (const std::optional<Address> literal = parse_ip(name)) co_return std::vector{*literal};
  if (stopped_) co_return fail(Code::cancelled, Source::internal);
  Name* const entry = remember(name);
  if (entry == nullptr) co_return fail(Code::too_large, Source::internal);

  const std::uint64_t now_ms = worker_.now_ms();
  entry->used_ms = now_ms;
  const bool known = !entry->addresses.empty();
  if (known && now_ms < entry->fresh_until_ms) co_return entry->addresses;
  if (!entry->asking && now_ms >= entry->retry_at_ms) ask(name, *entry);
  const bool usable = known && now_ms <= entry->fresh_until_ms + ms(stale_max);
  if (entry->asking && !usable) {
    Pause pause(worker_, cancellation);
    entry->waiting.push_back(&pause);
    const Code how = co_await pause.wait(known ? std::min(limit, stale_wait) : limit);
    std::erase(entry->waiting, &pause);
    if (how == Code::cancelled) co_return fail(how, Source::internal);
    if (how == Code::timed_out && !known) co_return fail(how, Source::upstream);
  }
  if (entry->addresses.empty()) co_return fail(entry->error, Source::upstream);
  co_return entry->addresses;
}

Resolver::Name* Resolver::remember(const std::string& name) {
  if (const auto found = names_.find(name); found != names_.end()) return &found->second;
  if (names_.size() >= names_max) {
    const auto is_busy = [](const Name& entry) { return entry.asking || !entry.waiting.empty(); };
    const auto oldest = std::ranges::min_element(
        names_, {}, [&](const auto& of) { return is_busy(of.second) ? ~std::uint64_t{0} : of.second.used_ms; });
    if (is_busy(oldest->second)) return nullptr;
    names_.erase(oldest);
  }
  return &names_[name];
}

void Resolver::ask(const std::string& name, Name& entry) {
  entry.asking = true;
  lookup_->start(name, [this, name](NameAnswer answer) { answered(name, std::move(answer)); });
}

void Resolver::answered(const std::string& name, NameAnswer answer) noexcept {
  const auto found = names_.find(name);
  if (found == names_.end()) return;
  Name& entry = found->second;
  const std::uint64_t now_ms = worker_.now_ms();
  entry.asking = false;
  if (answer.code == Code::ok && !answer.addresses.empty()) {
    entry.addresses = std::move(answer.addresses);
    entry.fresh_until_ms = now_ms + ms(std::clamp(answer.ttl, ttl_min, ttl_max));
    entry.retry_at_ms = 0;
  } else {
    entry.error = answer.code == Code::ok ? Code::refused : answer.code;
    entry.retry_at_ms = now_ms + ms(retry_after);
  }
  for (Pause* const pause : entry.waiting) pause->wake();
}

void Resolver::shut_down() noexcept {
  stopped_ = true;
  for (const auto& [name, entry] : names_) {
    for (Pause* const pause : entry.waiting) pause->cancel();
  }
}

}  // namespace turnout
