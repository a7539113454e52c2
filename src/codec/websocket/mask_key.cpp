#include "codec/websocket/mask_key.h"

#include <openssl/rand.h>

#include <cstdlib>
#include <cstring>

namespace turnout::websocket {
namespace {

// One call of the generator for many keys; a call for every key would cost more than the masking.
struct Batch {
  std::array<unsigned char, 512> bytes;
  std::size_t left = 0;
};

}  // namespace

MaskKey next_mask_key() {
  thread_local Batch batch;
  if (batch.left == 0) {
    // Without randomness no client may go on: a mask that can be guessed is none.
    if (RAND_bytes(batch.bytes.data(), static_cast<int>(batch.bytes.size())) != 1) std::abort();
    batch.left = batch.bytes.size();
  }
  MaskKey key;
  batch.left -= key.size();
  std::memcpy(key.data(), batch.bytes.data() + batch.left, key.size());
  std::memset(batch.bytes.data() + batch.left, 0, key.size());
  return key;
}

}  // namespace turnout::websocket
