#include "bench/shared/options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace turnout::bench {

Options::Options(int argc, char** argv, std::string_view usage, const std::set<std::string_view>& valued,
                 const std::set<std::string_view>& flags)
    : usage_(usage) {
  if (argc < 2) refuse("a mode is needed");
  mode_ = argv[1];
  for (int i = 2; i < argc; ++i) {
    std::string_view name = argv[i];
    if (!name.starts_with("--")) refuse("not an option:", name);
    name.remove_prefix(2);
    if (flags.contains(name)) {
      values_.emplace(name, "");
    } else if (!valued.contains(name)) {
      refuse("no such option:", name);
    } else if (++i == argc) {
      refuse("no value for", name);
    } else {
      values_.emplace(name, argv[i]);
    }
  }
}

std::string_view Options::text(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

std::uint64_t Options::number(std::string_view name, std::uint64_t otherwise) const {
  if (!has(name)) return otherwise;
  const std::string_view digits = text(name);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) refuse("not a number:", digits);
  return value;
}

double Options::real(std::string_view name, double otherwise) const {
  if (!has(name)) return otherwise;
  const std::string_view digits = text(name);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) refuse("not a number:", digits);
  return value;
}

Address Options::address(std::string_view name) const {
  const auto address = parse_address(text(name));
  if (!address) refuse("ADDRESS:PORT is needed for", name);
  return *address;
}

std::vector<std::string_view> Options::all(std::string_view name) const {
  std::vector<std::string_view> found;
  const auto [first, last] = values_.equal_range(name);
  for (auto i = first; i != last; ++i) found.push_back(i->second);
  return found;
}

void Options::refuse(std::string_view what, std::string_view name) const {
  std::fprintf(stderr, "%.*s %.*s\n%.*s\n", static_cast<int>(what.size()), what.data(), static_cast<int>(name.size()),
               name.data(), static_cast<int>(usage_.size()), usage_.data());
  std::exit(2);
}

}  // namespace turnout::bench
