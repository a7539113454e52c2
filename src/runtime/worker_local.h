// WorkerLocal: what something shared (a route's upstream, say) keeps on each worker: pools, connections. It is made
// when it is first asked for, and it goes away on its own thread when the worker ends.
//
//   Pool& pool = worker.local<Pool>(this, [&] { return std::make_unique<Pool>(worker); });
#pragma once

#include "runtime/task.h"

namespace turnout {

class WorkerLocal {
 public:
  virtual ~WorkerLocal() = default;
  /// Ends what it has running. Nothing asks for it any more when this is called.
  virtual Task<void> stop() = 0;
};

}  // namespace turnout
