// FieldList: the header or trailer fields of one message (RFC 9110 section 5), in order, repeated fields kept.
//
// The list owns its bytes, so a message outlives the buffer that it was parsed from.
//
//   FieldList fields;
//   fields.add("Content-Type", "text/plain");
//   if (auto type = fields.find("content-type")) ...        // names are compared without letter case
//   for (Field field : fields) ...
//
// A view that the list hands out dies with the next add() or set(), and when the list is moved.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ascii.h"
#include "base/pool.h"

namespace turnout {

struct Field {
  std::string_view name;
  std::string_view value;
};

class FieldList {
 public:
  void reserve(std::size_t bytes, std::size_t fields);
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces every field of that name
  void remove(std::string_view name);

  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept { return find(name).has_value(); }

  /// True where a comma-separated list (RFC 9110 section 5.6.1), over all fields of that name, holds `token`,
  /// compared without letter case. For Connection, Transfer-Encoding and their like, not for quoted lists.
  bool has_token(std::string_view name, std::string_view token) const noexcept;

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  Field operator[](std::size_t index) const noexcept;
  /// Bytes of names and values together.
  std::size_t bytes() const noexcept { return text_.size(); }

  class Iterator {
   public:
    Iterator(const FieldList& list, std::size_t index) noexcept : list_(&list), index_(index) {}
    Field operator*() const noexcept { return (*list_)[index_]; }
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.index_ == b.index_; }

   private:
    const FieldList* list_;
    std::size_t index_;
  };
  Iterator begin() const noexcept { return {*this, 0}; }
  Iterator end() const noexcept { return {*this, size()}; }

 private:
  struct Entry {
    std::uint32_t offset;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  PooledString text_;
  PooledVector<Entry> entries_;
};

/// Calls `each` for every non-empty member of a comma-separated list, trimmed. Empty members are tolerated
/// (RFC 9110 section 5.6.1.2). Stops where `each` returns false.
template <class Each>
void for_each_member(std::string_view list, Each each) {
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view member = trim(list.substr(0, comma));
    if (!member.empty() && !each(member)) return;
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace turnout
