// The resolver of each worker, made when a name is first looked up there.
//
//   SocketConnector connector(&worker_resolver);
#pragma once

#include "transport/resolver.h"

namespace turnout {

/// `worker` is an EpollLoop.
Resolver& worker_resolver(Worker& worker);

}  // namespace turnout
