// Text from the network, made safe for a terminal: nothing in it can move the cursor, change colours or set a title.
//
//   printable("a\x1b[2Jb")      // "a\x1b[2Jb", with the escape character written as those four characters
#pragma once

#include <string>
#include <string_view>

namespace turnout {

/// Everything but printable ASCII as \xHH, and the backslash doubled. What is beyond `bytes_max` becomes "...".
std::string printable(std::string_view text, std::size_t bytes_max = 16 * 1024);

}  // namespace turnout
