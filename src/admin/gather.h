// gather: one answer of each worker, awaited by the thread that asks, which goes on with others meanwhile.
//
//   auto parts = co_await gather<int>(asking, [](AdminWorker& worker, const auto& deliver) { deliver(count(worker));
//   }); if (parts.late != 0) ...                  // so many workers did not answer in time
//
// What asks and what answers share only what is handed over, so nobody minds if one of them goes away.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "admin/host.h"
#include "runtime/epoll_loop.h"
#include "runtime/pause.h"
#include "runtime/task.h"

namespace turnout {

/// Who asks, and whom: workers that have not ended. The loop outlives their threads.
struct Asking {
  EpollLoop& loop;
  std::vector<AdminWorker*> workers;
  Cancellation* cancellation = nullptr;
  Millis limit{5'000};
};

template <class Part>
struct Gathered {
  std::vector<Part> parts;
  std::size_t late = 0;
};

template <class Part>
using Deliver = std::function<void(Part)>;

/// `job` runs on the thread of each worker, and calls `deliver` once, then or later.
template <class Part>
Task<Gathered<Part>> gather(Asking asking, std::function<void(AdminWorker&, Deliver<Part>)> job) {
  struct Shared {
    Gathered<Part> gathered;
    Pause* waiting = nullptr;  // these two belong to the thread that asks
  };
  Pause pause(asking.loop, asking.cancellation);
  auto shared = std::make_shared<Shared>();
  shared->waiting = &pause;
  for (AdminWorker* worker : asking.workers) {
    ++shared->gathered.late;
    worker->post([worker, job, shared, &loop = asking.loop] {
      job(*worker, [shared, &loop](Part part) {
        auto carried = std::make_shared<Part>(std::move(part));
        loop.post_from_elsewhere([shared, carried] {
          if (shared->waiting == nullptr) return;
          shared->gathered.parts.push_back(std::move(*carried));
          if (--shared->gathered.late == 0) shared->waiting->wake();
        });
      });
    });
  }
  if (shared->gathered.late != 0) (void)co_await pause.wait(asking.limit);
  shared->waiting = nullptr;
  co_return std::move(shared->gathered);
}

}  // namespace turnout
