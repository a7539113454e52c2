// Plan: which attempts a probe makes, one after the other, each for what the ones before showed.
//
//   Facts facts = co_await probe(network, plan, progress);
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/facts.h"
#include "probe/network.h"
#include "runtime/task.h"

namespace turnout::probe {

struct Plan {
  Wanted wanted;
  std::optional<std::string> origin;  // of each request
  std::vector<std::string> subprotocols;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string method = "GET";
  std::string version = "1.1";
  std::optional<std::string> body;
  std::optional<std::string> send;
  bool half_close = false;
  bool early_bytes = false;
  std::uint64_t message_bytes = 0;
};

/// What it is about to do, in a few words.
using Progress = std::function<void(std::string_view)>;

Task<Facts> probe(Network& network, const Plan& plan, Progress progress);

}  // namespace turnout::probe
