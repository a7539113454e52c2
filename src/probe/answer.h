// The head of an answer, taken as it is: a probe has to say what is wrong with it, where a client only refuses it.
//
//   if (auto size = head_size(arrived)) take_head(arrived.substr(0, *size), attempt);
//   attempt.violations = find_violations(attempt);
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "probe/facts.h"

namespace turnout::probe {

/// With the empty line that ends it; nothing where that has not come.
std::optional<std::size_t> head_size(std::string_view arrived) noexcept;

/// Status, version and fields. False where it does not begin with a status line.
bool take_head(std::string_view head, Attempt& attempt);

/// What a 101 breaks (RFC 9110 section 7.8, RFC 6455 section 4.1, law L3).
std::vector<Violation> find_violations(const Attempt& attempt);

/// How a wrong Sec-WebSocket-Accept came about, where that can be told; else empty.
std::string explain_accept(const std::string& key, std::string_view accept);

}  // namespace turnout::probe
