// What nghttp2 allocates, from the pool of the worker: a session takes and gives back small blocks with every frame.
#pragma once

#include <nghttp2/nghttp2.h>

namespace turnout {

/// For a session that stays on the thread that made it. It lives for ever.
nghttp2_mem* http2_memory() noexcept;

}  // namespace turnout
