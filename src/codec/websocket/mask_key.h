// Fresh keys for the frames of a client: unpredictable for whoever writes the payload (RFC 6455 section 10.3),
// so that a page cannot choose the bytes that a proxy on the way will see.
//
//   MaskKey key = next_mask_key();
#pragma once

#include "codec/websocket/frame.h"

namespace turnout::websocket {

MaskKey next_mask_key();

}  // namespace turnout::websocket
