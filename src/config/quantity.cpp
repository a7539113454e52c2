#include "config/quantity.h"

#include <array>
#include <charconv>

#include "base/ascii.h"

namespace turnout {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// The largest first, as the text forms look for one that divides.
constexpr std::array duration_units{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::array size_units{Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20}, Unit{"KiB", 1ULL << 10},
                                Unit{"B", 1}};
constexpr std::uint64_t duration_ms_max = 365ULL * 24 * 3'600'000;

template <std::size_t n>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, n>& units,
                                   std::uint64_t max) noexcept {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  std::uint64_t number = 0;
  if (digits == 0) return std::nullopt;
  if (std::from_chars(text.data(), text.data() + digits, number).ec != std::errc()) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(digits) != unit.name) continue;
    if (number > max / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

template <std::size_t n>
std::string format(std::uint64_t value, const std::array<Unit, n>& units) {
  std::size_t at = 0;
  while (at + 1 < n && (value == 0 || value % units[at].factor != 0)) ++at;
  return std::to_string(value / units[at].factor) + std::string(units[at].name);
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) noexcept {
  const std::optional<std::uint64_t> ms = parse(text, duration_units, duration_ms_max);
  if (!ms) return std::nullopt;
  return Millis(static_cast<Millis::rep>(*ms));
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  return parse(text, size_units, UINT64_MAX);
}

std::optional<Rate> parse_rate(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view unit = text.substr(slash + 1);
  for (const Unit& known : duration_units) {
    if (known.name != unit || known.name == "ms") continue;
    const std::string_view digits = text.substr(0, slash);
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || end != digits.data() + digits.size() || count == 0) return std::nullopt;
    return Rate{count, Millis(static_cast<Millis::rep>(known.factor))};
  }
  return std::nullopt;
}

std::string duration_text(Millis duration) {
  return format(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string size_text(std::uint64_t bytes) {
  return format(bytes, size_units);
}

}  // namespace turnout
