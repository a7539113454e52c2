// InterruptHook: what is pending on a stream ends with `cancelled` when somebody cancels.
//
//   const InterruptHook hook(cancellation, *stream);
//   const Result<std::size_t> n = co_await wire.fill();
#pragma once

#include "runtime/cancellation.h"
#include "transport/stream.h"

namespace turnout {

class InterruptHook {
 public:
  InterruptHook(Cancellation* cancellation, Stream& stream) noexcept
      : hook_(cancellation, &stream,
              [](void* target) noexcept { static_cast<Stream*>(target)->interrupt(Code::cancelled); }) {}

 private:
  Cancellation::Hook hook_;
};

}  // namespace turnout
