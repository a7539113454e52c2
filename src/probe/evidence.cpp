#include "probe/evidence.h"

#include <algorithm>

#include "base/ascii.h"

namespace turnout::probe {

bool mentions(std::string_view text, std::string_view part) noexcept {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

std::vector<const Attempt*> failed_offers(const Facts& facts) {
  std::vector<const Attempt*> list;
  const bool works = std::ranges::any_of(
      facts.attempts, [](const Attempt& one) { return one.ask.purpose == Purpose::offer && one.is_sound(); });
  for (const Attempt& one : facts.attempts) {
    if (one.ask.purpose != Purpose::offer || one.is_sound()) continue;
    const bool matters =
        facts.wanted.tokens.empty() ? !works && one.ask.token == "websocket" : facts.is_wanted(one.ask.token);
    if (matters) list.push_back(&one);
  }
  return list;
}

std::vector<const Attempt*> declined_offers(const Facts& facts) {
  std::vector<const Attempt*> list = failed_offers(facts);
  std::erase_if(list, [](const Attempt* one) { return !one->answered() || one->accepted() || one->status < 200; });
  return list;
}

std::vector<const Attempt*> accepted_offers(const Facts& facts) {
  std::vector<const Attempt*> list;
  for (const Attempt& one : facts.attempts) {
    if (one.ask.purpose == Purpose::offer && one.accepted()) list.push_back(&one);
  }
  return list;
}

const Attempt* accepted_variation(const Facts& facts, Purpose purpose, const Attempt& offer) noexcept {
  for (const Attempt& one : facts.attempts) {
    const bool same_offer = iequals(one.ask.token, offer.ask.token) || purpose == Purpose::other_token;
    if (one.ask.purpose == purpose && one.ask.over == offer.ask.over && same_offer && one.is_sound()) return &one;
  }
  return nullptr;
}

std::string describe_answer(const Attempt& attempt) {
  std::string out =
      fmt::format("the answer to the offer of {} is {}", printable(attempt.ask.token, 60), attempt.status);
  std::string_view body = attempt.body;
  const std::size_t line = std::min(body.find('\n'), body.find('\r'));
  body = trim(body.substr(0, line));
  if (!body.empty() && !body.starts_with('<')) out += fmt::format(" and says \"{}\"", printable(body, 160));
  return out;
}

}  // namespace turnout::probe
