// How `turnout get` ends: the exit code, and one line for a person that names the place and the remedy.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace turnout::client {

/// A contract with scripts: `turnout get --help` lists them, and a number never changes its meaning.
enum class Exit : std::uint8_t {
  answered = 0,  // whatever the status; and in the new protocol where one was asked for
  output = 1,    // standard output, or a file that was named, could not be written or read
  usage = 2,     // a URL or an option that cannot be understood
  connect = 3,   // no address for the name, or nobody there
  tls = 4,       // no handshake: certificate, version
  timeout = 5,
  protocol = 6,  // the server broke a rule or ended early; a 101 that is not valid
  declined = 7,  // answered in HTTP/1.1 although another protocol was asked for
};

struct Failure {
  Exit exit = Exit::protocol;
  std::string message;
};

}  // namespace turnout::client
