// The parts of the catalogue; catalogue() in cause.h puts them together.
#pragma once

#include <span>

#include "probe/cause.h"

namespace turnout::probe {

std::span<const Cause> causes_of_the_way();      // what hops between client and server do
std::span<const Cause> causes_of_the_request();  // what the server finds fault with
std::span<const Cause> causes_of_the_server();   // what the server is, or is not set up for
std::span<const Cause> causes_of_a_bad_101();
std::span<const Cause> causes_after_the_switch();
std::span<const Cause> causes_of_security();

}  // namespace turnout::probe
