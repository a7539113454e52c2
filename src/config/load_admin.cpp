#include "config/load_admin.h"

#include "config/readable_file.h"

namespace turnout {
namespace {

void load_file_name(TomlTable& table, std::string_view key, const std::string& folder, std::string& to) {
  if (!table.read(key, to)) return;
  if (to.empty()) {
    table.problems().add(table.position(key), in_quotes(key) + " is the name of a file; leave the key out for none");
  } else {
    to = resolved(folder, to);
  }
}

}  // namespace

std::optional<AdminConfig> load_admin(const toml::table& toml_table, const std::string& folder, Problems& problems) {
  TomlTable table(toml_table, problems);
  AdminConfig admin;
  bool enabled = true;
  table.read("enabled", enabled);
  load_file_name(table, "socket", folder, admin.socket);
  load_file_name(table, "token_file", folder, admin.token_file);
  table.read("write", admin.write);
  std::string address;
  if (table.read("address", address)) {
    admin.address = parse_address(address);
    if (!admin.address || !admin.address->is_loopback()) {
      problems.add(table.position("address"),
                   in_quotes(address) +
                       " is no loopback address and port, as \"127.0.0.1:8102\" or \"[::1]:8102\";"
                       " the admin listener is for this machine only");
    }
  }
  if (!admin.token_file.empty() && address.empty()) {
    problems.add(table.position("token_file"), "\"token_file\" is for \"address\"; the socket is guarded by its mode");
  }
  table.finish();
  return enabled ? std::optional<AdminConfig>(std::move(admin)) : std::nullopt;
}

}  // namespace turnout
