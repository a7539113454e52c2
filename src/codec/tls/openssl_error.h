// What OpenSSL has to say, as text; and its queue left empty, because the queue belongs to the thread and a
// stale entry would be taken for the error of another connection.
#pragma once

#include <string>
#include <string_view>

namespace turnout {

/// The first entry of the queue, or `otherwise` when there is none. Empties the queue.
std::string take_openssl_error(std::string_view otherwise);

}  // namespace turnout
