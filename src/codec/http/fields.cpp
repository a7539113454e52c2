#include "codec/http/fields.h"

namespace turnout {

void FieldList::reserve(std::size_t bytes, std::size_t fields) {
  text_.reserve(bytes);
  entries_.reserve(fields);
}

void FieldList::add(std::string_view name, std::string_view value) {
  const auto offset = static_cast<std::uint32_t>(text_.size());
  text_.append(name).append(value);
  entries_.emplace_back(offset, static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size()));
}

void FieldList::remove(std::string_view name) {
  std::erase_if(entries_,
                [&](const Entry& entry) { return iequals({text_.data() + entry.offset, entry.name_size}, name); });
}

void FieldList::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

Field FieldList::operator[](std::size_t index) const noexcept {
  const Entry& entry = entries_[index];
  const char* start = text_.data() + entry.offset;
  return {{start, entry.name_size}, {start + entry.name_size, entry.value_size}};
}

std::optional<std::string_view> FieldList::find(std::string_view name) const noexcept {
  for (Field field : *this) {
    if (iequals(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t FieldList::count(std::string_view name) const noexcept {
  std::size_t n = 0;
  for (Field field : *this) n += iequals(field.name, name) ? 1 : 0;
  return n;
}

bool FieldList::has_token(std::string_view name, std::string_view token) const noexcept {
  bool found = false;
  for (Field field : *this) {
    if (!iequals(field.name, name)) continue;
    for_each_member(field.value, [&](std::string_view member) {
      found = found || iequals(member, token);
      return !found;
    });
  }
  return found;
}

}  // namespace turnout
