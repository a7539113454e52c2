// The transcript of a connection: what happened to it, in order, with reasons.
//
//   std::cerr << turnout::text(session.transcript());
//
//   0 enter http/1.1
//   0 offer shout
//   ...
//
// Times are milliseconds since the connection began. It is bounded (events_max), belongs to the connection's thread,
// and holds no byte that a client chose.
#pragma once

#include "switching/session.h"
#include "switching/transcript.h"
