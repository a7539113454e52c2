// The floor: servers that make only the system calls which their job needs. What a real server costs above them is
// what it does itself.
//
//   build-bench/floor http --listen 127.0.0.1:9001
#pragma once

#include "bench/shared/options.h"
#include "bench/shared/poller.h"

namespace turnout::bench {

int serve_http(const Options& options);
int serve_relay(const Options& options);
int serve_websocket(const Options& options);

}  // namespace turnout::bench
