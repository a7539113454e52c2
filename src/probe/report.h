// What a person and a program get to see of a probe.
//
//   fmt::print("{}", to_text(facts, findings, style));
//   fmt::print("{}\n", to_json(facts, findings));
#pragma once

#include <string>
#include <vector>

#include "probe/cause.h"
#include "probe/facts.h"

namespace turnout::probe {

struct Style {
  bool colours = false;
  bool verbose = false;
};

std::string to_text(const Facts& facts, const std::vector<Finding>& findings, const Style& style);
/// docs/probe.schema.json says what is in it.
std::string to_json(const Facts& facts, const std::vector<Finding>& findings);
/// The exchange of one attempt, each line with what it breaks.
std::string annotated(const Attempt& attempt, const Style& style);

}  // namespace turnout::probe
