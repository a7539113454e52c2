#include "client/conversation.h"

#include <fmt/core.h>

namespace turnout::client {

void Conversation::trace(std::string_view mark, std::string_view text) const {
  if (request.verbose) output.line(std::string(mark) + printable(text));
}

void Conversation::trace_head(std::string_view mark, std::string_view head) const {
  if (!request.verbose) return;
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    trace(mark, head.substr(0, end));
    if (end == std::string_view::npos) return;
    head.remove_prefix(end + 2);
  }
}

bool Conversation::deliver(Bytes bytes) {
  if (bytes.empty() || output.body(bytes)) return true;
  (void)fail(Exit::output, "standard output cannot be written: is the disk full, or its reader gone?");
  return false;
}

Closed Conversation::fail(Exit exit, std::string message) {
  if (!failure) failure = Failure{exit, std::move(message)};
  return Closed{Why::malformed};
}

Closed Conversation::fail(Error error, std::string_view waiting_for) {
  const std::string place = request.url.place();
  switch (error.code) {
    case Code::timed_out:
      return fail(Exit::timeout, fmt::format("{}: {} did not come within {} s; --timeout SECONDS waits longer", place,
                                             waiting_for, static_cast<double>(request.timeout.count()) / 1000));
    case Code::end:
      return fail(Exit::protocol,
                  fmt::format("{}: the server ended the connection where {} was due", place, waiting_for));
    case Code::reset:
      return fail(Exit::protocol, fmt::format("{}: the connection broke off where {} was due; the server's log may "
                                              "say why",
                                              place, waiting_for));
    default: return fail(Exit::protocol, fmt::format("{}: {} did not come ({})", place, waiting_for, text(error.code)));
  }
}

}  // namespace turnout::client
