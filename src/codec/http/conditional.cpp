#include "codec/http/conditional.h"

#include <optional>

#include "base/ascii.h"
#include "codec/http/date.h"

namespace turnout {
namespace {

using std::chrono::sys_seconds;

enum class Comparison : std::uint8_t { strong, weak };

bool is_weak(std::string_view tag) noexcept {
  return tag.starts_with("W/");
}

bool match(std::string_view a, std::string_view b, Comparison comparison) noexcept {
  if (comparison == Comparison::strong) return a == b && !is_weak(a);
  return a.substr(is_weak(a) ? 2 : 0) == b.substr(is_weak(b) ? 2 : 0);
}

/// Takes the entity-tag off the front of `rest`; empty where none is there. The comma is no end of one: it may stand
/// between the quotes.
std::string_view take_tag(std::string_view& rest) noexcept {
  const std::size_t quote = is_weak(rest) ? 2 : 0;
  if (rest.size() <= quote || rest[quote] != '"') return {};
  const std::size_t end = rest.find('"', quote + 1);
  if (end == std::string_view::npos) return {};
  const std::string_view tag = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  return tag;
}

bool list_matches(std::string_view list, std::string_view current, Comparison comparison) noexcept {
  list = trim(list);
  if (list == "*") return true;  // there is a representation, whichever
  while (true) {
    while (!list.empty() && (list.front() == ',' || list.front() == ' ' || list.front() == '\t')) {
      list.remove_prefix(1);
    }
    const std::string_view tag = take_tag(list);
    if (tag.empty()) return false;
    list = trim(list);
    if (!list.empty() && list.front() != ',') return false;
    if (match(tag, current, comparison)) return true;
  }
}

bool any_matches(const FieldList& fields, std::string_view name, std::string_view current,
                 Comparison comparison) noexcept {
  for (const Field field : fields) {
    if (iequals(field.name, name) && list_matches(field.value, current, comparison)) return true;
  }
  return false;
}

/// RFC 9110 sections 13.1.3 and 13.1.4: what is not exactly one date is ignored.
std::optional<sys_seconds> one_date(const FieldList& fields, std::string_view name, sys_seconds now) noexcept {
  if (fields.count(name) != 1) return std::nullopt;
  return parse_date(*fields.find(name), now);
}

}  // namespace

Precondition evaluate_preconditions(const RequestHead& request, const Validators& current, sys_seconds now) noexcept {
  const FieldList& fields = request.fields;
  const bool is_read = request.method == "GET" || request.method == "HEAD";

  if (fields.has("if-match")) {
    if (!any_matches(fields, "if-match", current.entity_tag, Comparison::strong)) return Precondition::failed;
  } else if (const auto date = one_date(fields, "if-unmodified-since", now); date) {
    if (current.last_modified > *date) return Precondition::failed;
  }

  if (fields.has("if-none-match")) {
    if (any_matches(fields, "if-none-match", current.entity_tag, Comparison::weak)) {
      return is_read ? Precondition::not_modified : Precondition::failed;
    }
  } else if (is_read) {
    const auto date = one_date(fields, "if-modified-since", now);
    if (date && current.last_modified <= *date) return Precondition::not_modified;
  }
  return Precondition::holds;
}

bool if_range_holds(const RequestHead& request, const Validators& current, sys_seconds now) noexcept {
  const std::size_t count = request.fields.count("if-range");
  if (count == 0) return true;
  if (count != 1) return false;
  std::string_view value = trim(*request.fields.find("if-range"));
  if (value.starts_with('"') || is_weak(value)) {
    const std::string_view tag = take_tag(value);
    return !tag.empty() && value.empty() && match(tag, current.entity_tag, Comparison::strong);
  }
  const auto date = parse_date(value, now);
  // What changed within this second may change again in it: the date alone cannot tell (section 8.8.2.2).
  return date && *date == current.last_modified && current.last_modified < now;
}

}  // namespace turnout
