// Where the admin socket of a server that runs on this machine is.
//
//   for (const std::string& path : admin_sockets(run_directory())) ...      // who answers there is the caller's to see
#pragma once

#include <expected>
#include <string>
#include <vector>

namespace turnout::client {

/// What a folder has that is named as the socket of a server is, "4711.sock", by number. No folder is no socket; the
/// error is a sentence.
std::expected<std::vector<std::string>, std::string> admin_sockets(const std::string& folder);

/// A sentence for somebody who is looking for a server: `paths` is where servers answered, which is not one.
std::string which_admin_socket(const std::vector<std::string>& paths, const std::string& folder);

}  // namespace turnout::client
