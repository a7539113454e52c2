// What the generator can do: a function and a file for each.
#pragma once

#include "bench/load/run.h"

namespace turnout::bench {

int run_requests(const Options& options);
int run_handshakes(const Options& options);
int run_switches(const Options& options);
int run_tunnels(const Options& options);
int run_bulk(const Options& options);
int run_idle(const Options& options);
int run_h2tunnels(const Options& options);
int run_backend(const Options& options);

}  // namespace turnout::bench
