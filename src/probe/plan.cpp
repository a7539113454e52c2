#include "probe/plan.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ascii.h"
#include "probe/attempt.h"
#include "probe/request_text.h"
#include "runtime/pause.h"
#include "runtime/task_group.h"

namespace turnout::probe {
namespace {

class Prober {
 public:
  Prober(Network& network, const Plan& plan, Progress progress)
      : network_(network), plan_(plan), progress_(std::move(progress)) {
    facts_.wanted = plan.wanted;
  }

  Task<Facts> run();

 private:
  Ask ask(Purpose purpose, std::string token) const;
  Task<const Attempt*> make(Ask what);
  Task<void> offer(const std::string& token);
  Task<void> vary(Attempt failed);
  Task<void> compare();
  Task<void> measure_messages();
  Task<void> try_early_bytes();
  Task<void> try_half_close();
  Task<void> hold();
  Task<void> look_for_holes();
  std::vector<std::string> tokens() const;
  /// The first wanted token that switched and works.
  const Attempt* sound() const;

  Network& network_;
  const Plan& plan_;
  Progress progress_;
  Facts facts_;
  std::vector<Attempt> held_;
};

Task<void> hold_one(Network& network, Ask what, Millis after, std::vector<Attempt>& held) {
  Pause pause(network.loop());
  if (after.count() != 0) (void)co_await pause.wait(after);
  Attempt done = co_await attempt(network, std::move(what));
  held.push_back(std::move(done));
}

Ask Prober::ask(Purpose purpose, std::string token) const {
  Ask what;
  what.purpose = purpose;
  what.url = plan_.wanted.url;
  what.token = std::move(token);
  what.method = plan_.method;
  what.version = plan_.version;
  what.body = plan_.body;
  what.fields = plan_.fields;
  what.send = plan_.send;
  what.over = plan_.wanted.over;
  if (is_websocket(what.token)) {
    what.origin = plan_.origin;
    what.subprotocols = plan_.subprotocols;
  }
  return what;
}

Task<const Attempt*> Prober::make(Ask what) {
  progress_(fmt::format("{} {}", text(what.purpose), what.token));
  Attempt done = co_await attempt(network_, std::move(what));
  facts_.attempts.push_back(std::move(done));
  co_return &facts_.attempts.back();
}

std::vector<std::string> Prober::tokens() const {
  const Wanted& wanted = plan_.wanted;
  std::vector<std::string> list = wanted.tokens;
  const bool asked = !list.empty() && !(wanted.url.websocket && list.size() == 1 && is_websocket(list.front()));
  if (asked || wanted.over == Over::http2) {
    if (list.empty()) list.emplace_back("websocket");
    return list;
  }
  list = {"websocket"};
  // h2c and TLS are for cleartext (RFC 9113 section 3.3, RFC 2817).
  if (!wanted.url.secure) list.insert(list.end(), {"h2c", "HTTP/2.0", "TLS"});
  return list;
}

Task<void> Prober::offer(const std::string& token) {
  (void)co_await make(ask(Purpose::offer, token));
}

/// A failed offer again and again, each time with one thing changed: what makes the difference is the cause.
Task<void> Prober::vary(Attempt failed) {
  const Ask& was = failed.ask;
  if (was.origin) {
    Ask what = was;
    what.purpose = Purpose::without_origin;
    what.origin.reset();
    (void)co_await make(std::move(what));
  }
  if (is_websocket(was.token) && was.extensions) {
    Ask what = was;
    what.purpose = Purpose::without_extensions;
    what.extensions = false;
    (void)co_await make(std::move(what));
  }
  if (!was.subprotocols.empty()) {
    Ask what = was;
    what.purpose = Purpose::without_subprotocol;
    what.subprotocols.clear();
    (void)co_await make(std::move(what));
  }
  const auto is_named = [&](std::string_view name) {
    return std::ranges::any_of(was.fields, [&](const auto& one) { return iequals(one.first, name); });
  };
  if (is_named("Expect")) {
    Ask what = was;
    what.purpose = Purpose::without_expect;
    std::erase_if(what.fields, [](const auto& one) { return iequals(one.first, "Expect"); });
    (void)co_await make(std::move(what));
  }
  if (is_named("HTTP2-Settings")) {
    Ask what = was;
    what.purpose = Purpose::right_settings;
    std::erase_if(what.fields, [](const auto& one) { return iequals(one.first, "HTTP2-Settings"); });
    (void)co_await make(std::move(what));
  }
  if (!was.fields.empty()) {
    Ask what = was;
    what.purpose = Purpose::without_fields;
    what.fields.clear();
    (void)co_await make(std::move(what));
  }
  if (!is_websocket(was.token) && !is_http2(was.token) && !is_tls(was.token)) {
    Ask what = ask(Purpose::other_token, "websocket");
    what.method = "GET";
    what.body.reset();
    (void)co_await make(std::move(what));
  }
  if (was.method != "GET" || was.body) {
    Ask what = was;
    what.purpose = Purpose::as_get;
    what.method = "GET";
    what.body.reset();
    (void)co_await make(std::move(what));
  }
}

Task<void> Prober::compare() {
  Ask plain = ask(Purpose::direct_plain, "");
  plain.url = *plan_.wanted.compare;
  (void)co_await make(std::move(plain));
  for (const std::string& token : tokens()) {
    Ask what = ask(Purpose::direct, token);
    what.url = *plan_.wanted.compare;
    // As a proxy has it: the page's own origin stays that of the public place.
    (void)co_await make(std::move(what));
  }
}

const Attempt* Prober::sound() const {
  const auto at = std::ranges::find_if(facts_.attempts, [&](const Attempt& one) {
    return one.ask.purpose == Purpose::offer && one.is_sound() &&
           (plan_.wanted.tokens.empty() || facts_.is_wanted(one.ask.token));
  });
  return at == facts_.attempts.end() ? nullptr : &*at;
}

/// Between the largest that is taken and the smallest that is refused.
Task<void> Prober::measure_messages() {
  constexpr int rounds_max = 8;
  const Attempt* base = sound();
  if (base == nullptr || !base->check.echo) co_return;
  std::uint64_t taken = 0;
  std::uint64_t size = plan_.message_bytes;
  for (int round = 0; round < rounds_max; ++round) {
    Ask what = ask(Purpose::offer, "websocket");
    what.message_bytes = size;
    const Attempt* done = co_await make(std::move(what));
    std::uint64_t refused = plan_.message_bytes;
    if (done->check.message_taken_bytes) {
      taken = size;
      if (round == 0) co_return;
    } else if (!done->check.message_refused_bytes) {
      co_return;
    }
    for (const Attempt& one : facts_.attempts) {
      if (one.check.message_refused_bytes) refused = std::min(refused, *one.check.message_refused_bytes);
    }
    if (refused - taken < 1024) co_return;
    size = taken + (refused - taken) / 2;
  }
}

Task<void> Prober::try_early_bytes() {
  const Attempt* base = sound();
  if (base == nullptr) co_return;
  Ask what = base->ask;
  what.purpose = Purpose::early_bytes;
  // A ping: FIN and opcode 9, masked with a key of zeros, "turnout".
  what.early = is_websocket(what.token) ? std::string("\x89\x87\0\0\0\0turnout", 13)
                                        : plan_.send.value_or(std::string("turnout"));
  what.send.reset();
  (void)co_await make(std::move(what));
}

Task<void> Prober::try_half_close() {
  const Attempt* base = sound();
  if (base == nullptr || !plan_.send) co_return;
  Ask what = base->ask;
  what.purpose = Purpose::half_close;
  what.half_close = true;
  (void)co_await make(std::move(what));
}

/// Some silent, some with pings, and not all opened at the same time: what ends which of them says why.
Task<void> Prober::hold() {
  const Attempt* base = sound();
  if (base == nullptr || !is_websocket(base->ask.token)) co_return;
  progress_(fmt::format("holding connections open for {} s", plan_.wanted.hold_ms / 1000));
  const Millis apart(std::min<std::uint64_t>(1000, plan_.wanted.hold_ms / 8));
  TaskGroup group;
  for (const bool is_late : {false, true}) {
    for (const Purpose purpose : {Purpose::hold_silent, Purpose::hold_pinging}) {
      Ask what = base->ask;
      what.purpose = purpose;
      what.hold_ms = plan_.wanted.hold_ms;
      group.spawn(hold_one(network_, std::move(what), is_late ? apart : Millis(0), held_));
    }
  }
  co_await group.join();
  for (Attempt& one : held_) facts_.attempts.push_back(std::move(one));
}

/// Each request that an attacker could make as well; run.cpp says before that it will be.
Task<void> Prober::look_for_holes() {
  constexpr std::string_view made_up = "turnout-probe-xyz";
  const auto base = [this](Purpose purpose, std::string token) {
    Ask what = ask(purpose, std::move(token));
    what.over = Over::http1;
    what.method = "GET";
    what.version = "1.1";
    what.body.reset();
    what.send.reset();
    return what;
  };
  (void)co_await make(base(Purpose::made_up_token, std::string(made_up)));
  Ask foreign = base(Purpose::foreign_origin, "websocket");
  foreign.origin = "https://turnout-probe.invalid";
  (void)co_await make(std::move(foreign));
  (void)co_await make(base(Purpose::smuggled_h2c, "h2c"));
  // A version that nobody speaks has to be refused; what follows is HTTP again.
  Ask refused = base(Purpose::after_refusal, "websocket");
  refused.fields.emplace_back("Sec-WebSocket-Version", "777");
  refused.second_target = plan_.wanted.url.target;
  (void)co_await make(std::move(refused));
  (void)co_await make(base(Purpose::same_alone, ""));
  Ask connect = base(Purpose::after_connect, "");
  connect.second_target = "/";
  (void)co_await make(std::move(connect));
  Ask optimistic = base(Purpose::optimistic, std::string(made_up));
  optimistic.second_target = "/";
  optimistic.early = second_request_text(optimistic);
  (void)co_await make(std::move(optimistic));
}

Task<Facts> Prober::run() {
  const Wanted& wanted = plan_.wanted;
  Ask plain = ask(Purpose::plain, "");
  plain.over = Over::http1;
  plain.method = "GET";
  plain.body.reset();
  const Attempt* first = co_await make(std::move(plain));
  const Ended ended = first->ended;
  if (ended == Ended::no_address || ended == Ended::unreachable || ended == Ended::connect_timeout) {
    co_return std::move(facts_);
  }
  if (ended == Ended::tls_failed && first->tls->certificate_fault) co_return std::move(facts_);

  if (wanted.over != Over::http2) {
    for (const std::string& token : tokens()) {
      co_await offer(token);
      // Where nothing is answered at all, more of the same only takes time.
      const bool is_mute =
          facts_.attempts.front().ended == Ended::silent && facts_.attempts.back().ended == Ended::silent;
      if (is_mute) co_return std::move(facts_);
    }
  }
  // HTTP/2: by ALPN or prior knowledge, and what can be asked for in it.
  const bool with_http2 = wanted.over == Over::http2 || wanted.tokens.empty() || facts_.is_wanted("websocket");
  if (with_http2 && plan_.version == "1.1") {
    Ask negotiation = ask(Purpose::negotiation, "");
    negotiation.over = Over::http2;
    negotiation.method = "GET";
    negotiation.body.reset();
    const Attempt* http2 = co_await make(std::move(negotiation));
    const bool spoken = http2->check.settings;
    const bool offers = http2->check.extended_connect;
    if (spoken && (offers || wanted.over == Over::http2)) {
      for (const std::string& token : wanted.over == Over::http2 ? tokens() : std::vector<std::string>{"websocket"}) {
        Ask what = ask(Purpose::offer, token);
        what.over = Over::http2;
        what.method = "GET";
        (void)co_await make(std::move(what));
      }
    }
  }
  // Copies: the list grows meanwhile.
  std::vector<Attempt> failed;
  for (const Attempt& one : facts_.attempts) {
    if (one.ask.purpose == Purpose::offer && facts_.is_wanted(one.ask.token) && !one.is_sound()) failed.push_back(one);
  }
  for (Attempt& one : failed) co_await vary(std::move(one));
  if (wanted.compare) co_await compare();
  if (plan_.message_bytes != 0) co_await measure_messages();
  if (plan_.early_bytes) co_await try_early_bytes();
  if (plan_.half_close) co_await try_half_close();
  if (wanted.hold_ms != 0) co_await hold();
  if (wanted.security) co_await look_for_holes();
  co_return std::move(facts_);
}

}  // namespace

Task<Facts> probe(Network& network, const Plan& plan, Progress progress) {
  Prober prober(network, plan, std::move(progress));
  Facts facts = co_await prober.run();
  co_return std::move(facts);
}

}  // namespace turnout::probe
