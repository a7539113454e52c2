// The command line of the instrument's programs: a mode, then --name VALUE and --flag.
//
//   const Options options(argc, argv, "usage: ...", {"listen", "backend"}, {"tls"});
//   const Address to = options.address("listen");
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bench/shared/address.h"

namespace turnout::bench {

/// Whatever is wrong ends the program with the usage and exit code 2.
class Options {
 public:
  Options(int argc, char** argv, std::string_view usage, const std::set<std::string_view>& valued,
          const std::set<std::string_view>& flags);

  std::string_view mode() const noexcept { return mode_; }
  bool has(std::string_view name) const { return values_.contains(name); }
  std::string_view text(std::string_view name, std::string_view otherwise = "") const;
  std::uint64_t number(std::string_view name, std::uint64_t otherwise) const;
  double real(std::string_view name, double otherwise) const;
  Address address(std::string_view name) const;
  /// All values of an option that may be given several times.
  std::vector<std::string_view> all(std::string_view name) const;

  [[noreturn]] void refuse(std::string_view what, std::string_view name = "") const;

 private:
  std::string_view usage_;
  std::string_view mode_;
  std::multimap<std::string_view, std::string_view> values_;
};

}  // namespace turnout::bench
