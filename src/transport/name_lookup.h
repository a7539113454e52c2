// NameLookup: asks once for the addresses of a name. Dns does so in earnest; tests have answers of their own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/error.h"
#include "base/limits.h"

namespace turnout {

struct NameAnswer {
  // refused: there is no such name, or nobody answers for it; timed_out; malformed; cancelled
  Code code = Code::ok;
  std::vector<Address> addresses;  // in the order in which they are to be tried, their ports 0; never empty with ok
  Millis ttl{0};                   // how long that holds, by whoever answered
};

class NameLookup {
 public:
  using Done = std::function<void(NameAnswer)>;
  virtual ~NameLookup() = default;
  /// `done` is called once, perhaps at once, at the latest when the look-up goes away. It starts nothing.
  virtual void start(const std::string& name, Done done) = 0;
};

}  // namespace turnout
