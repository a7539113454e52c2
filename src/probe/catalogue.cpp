#include "probe/catalogue.h"

#include <algorithm>

#include "base/ascii.h"
#include "probe/cause.h"

namespace turnout::probe {

std::span<const Cause> catalogue() {
  static const std::vector<Cause> all = [] {
    std::vector<Cause> list;
    for (const std::span<const Cause> part : {causes_of_the_way(), causes_of_the_request(), causes_of_the_server(),
                                              causes_of_a_bad_101(), causes_after_the_switch(), causes_of_security()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    std::ranges::sort(list, {}, &Cause::id);
    return list;
  }();
  return all;
}

const Cause* find_cause(std::string_view id_or_name) {
  const auto at = std::ranges::find_if(
      catalogue(), [&](const Cause& one) { return iequals(one.id, id_or_name) || iequals(one.name, id_or_name); });
  return at == catalogue().end() ? nullptr : &*at;
}

std::vector<Finding> diagnose(const Facts& facts) {
  std::vector<Finding> findings;
  for (const Cause& cause : catalogue()) {
    if (auto evidence = cause.find(facts))
      findings.push_back({&cause, evidence->confidence, std::move(evidence->text)});
  }
  std::ranges::sort(findings, [](const Finding& a, const Finding& b) {
    return a.confidence != b.confidence ? a.confidence > b.confidence : a.cause->id < b.cause->id;
  });
  return findings;
}

bool is_security_cause(const Cause& cause) noexcept {
  return cause.id >= "P60";
}

}  // namespace turnout::probe
