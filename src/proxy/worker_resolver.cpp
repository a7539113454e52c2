#include "proxy/worker_resolver.h"

#include "transport/dns.h"

namespace turnout {
namespace {

class WorkerResolver final : public WorkerLocal {
 public:
  explicit WorkerResolver(EpollLoop& loop) : resolver(loop, std::make_unique<Dns>(loop)) {}
  Task<void> stop() override {
    resolver.shut_down();
    co_return;
  }
  Resolver resolver;
};

constexpr char key = 0;  // whose address nobody else has

}  // namespace

Resolver& worker_resolver(Worker& worker) {
  auto& loop = static_cast<EpollLoop&>(worker);
  return worker.local<WorkerResolver>(&key, [&] { return std::make_unique<WorkerResolver>(loop); }).resolver;
}

}  // namespace turnout
