// The command line's side of the admin listener: one question to a server on this machine, over its socket.
//
//   AdminQuestion question{.target = AdminTarget("/api/v1/tunnels").add("route", route).text()};
//   return ask_admin(question);           // the answer is on standard output
#pragma once

#include <string>
#include <string_view>

namespace turnout::client {

/// A path and the parameters that are not empty.
class AdminTarget {
 public:
  explicit AdminTarget(std::string path) : text_(std::move(path)) {}
  AdminTarget& add(std::string_view name, std::string_view value);
  AdminTarget& set(std::string_view name, bool is_set) { return is_set ? add(name, "1") : *this; }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

struct AdminQuestion {
  std::string socket{};  // empty: $TURNOUT_ADMIN_SOCKET, else the only one that answers in the run directory
  std::string target{};
  bool changes = false;  // a POST
  bool json = false;     // else for a person
};

/// The exit code. Whatever is not a 2xx answer is on standard error.
int ask_admin(const AdminQuestion& question);

/// For --help.
extern const char* const admin_exit_codes_help;

}  // namespace turnout::client
