// SeriesTable: values by key, that only grow in number: what counts the series of a metric.
//
//   SeriesTable<std::string, std::uint64_t> requests;
//   ++requests[std::string_view(route.name)];
//   for (const auto& [key, value] : requests.entries()) ...      // in the order in which they were first seen
//
// The entries lie one behind the other, so that a copy of a table costs little: a worker makes one whenever somebody
// looks at its counters. A key is never taken out. Finding one allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace turnout {

constexpr std::uint64_t series_hash(std::uint64_t bits) noexcept {
  bits *= 0x9e37'79b9'7f4a'7c15;  // the odd number next to 2^64 / golden ratio spreads neighbours
  return bits ^ (bits >> 32);
}
inline std::uint64_t series_hash(std::string_view text) noexcept {
  return std::hash<std::string_view>()(text);
}
/// A key of several small parts says itself how they fit into 64 bits.
template <class Key>
  requires requires(const Key& key) { key.bits(); }
constexpr std::uint64_t series_hash(const Key& key) noexcept {
  return series_hash(key.bits());
}

template <class Key, class Value>
class SeriesTable {
 public:
  struct Entry {
    Key key;
    Value value{};
  };

  /// The place of the key among the entries, where it stays; it is added if need be.
  template <class Like>
  std::uint32_t index_of(const Like& key) {
    const std::uint64_t hash = series_hash(key);
    if (!slots_.empty()) {
      for (std::size_t at = hash & mask(); slots_[at] != 0; at = (at + 1) & mask()) {
        const std::uint32_t index = slots_[at] - 1;
        if (entries_[index].key == key) return index;
      }
    }
    entries_.push_back({Key(key)});
    if (entries_.size() * 2 > slots_.size()) {
      spread();
    } else {
      occupy(hash, entries_.size());
    }
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }

  template <class Like>
  Value& operator[](const Like& key) {
    return entries_[index_of(key)].value;
  }

  Entry& entry(std::uint32_t index) noexcept { return entries_[index]; }
  const Entry& entry(std::uint32_t index) const noexcept { return entries_[index]; }
  const std::vector<Entry>& entries() const noexcept { return entries_; }
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  static constexpr std::size_t slots_min = 16;

  std::size_t mask() const noexcept { return slots_.size() - 1; }

  void occupy(std::uint64_t hash, std::size_t number) noexcept {
    std::size_t at = hash & mask();
    while (slots_[at] != 0) at = (at + 1) & mask();
    slots_[at] = static_cast<std::uint32_t>(number);
  }

  void spread() {
    slots_.assign(slots_.empty() ? slots_min : slots_.size() * 2, 0);
    for (std::size_t i = 0; i < entries_.size(); ++i) occupy(series_hash(entries_[i].key), i + 1);
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // the number of an entry, counted from 1; 0: free. At most half are taken.
};

}  // namespace turnout
