// Chunked bodies: being cut into pieces changes neither the content nor where the body ends.
#include <cstdlib>
#include <string>

#include "codec/http1/chunked.h"

using namespace turnout;

namespace {

struct Decoded {
  std::string content;
  std::size_t used = 0;
  ChunkedDecoder::State state = ChunkedDecoder::State::more;
};

Decoded decode(Bytes input, std::size_t piece_bytes) {
  const Limits limits;
  ChunkedDecoder decoder(limits);
  Decoded decoded;
  while (decoded.used < input.size()) {
    const Bytes piece = input.subspan(decoded.used, std::min(piece_bytes, input.size() - decoded.used));
    const ChunkedDecoder::Step step = decoder.step(piece);
    if (step.consumed > piece.size()) std::abort();
    decoded.content.append(as_text(step.data));
    decoded.used += step.consumed;
    decoded.state = step.state;
    if (step.state == ChunkedDecoder::State::done || step.state == ChunkedDecoder::State::error) break;
    if (step.state == ChunkedDecoder::State::more && step.consumed != piece.size()) std::abort();
  }
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const Decoded whole = decode(input, size + 1);
  for (const std::size_t piece_bytes : {1U, 2U, 7U}) {
    const Decoded pieces = decode(input, piece_bytes);
    using State = ChunkedDecoder::State;
    if ((whole.state == State::done) != (pieces.state == State::done)) std::abort();
    if ((whole.state == State::error) != (pieces.state == State::error)) std::abort();
    if (whole.state == State::done && (whole.used != pieces.used || whole.content != pieces.content)) std::abort();
  }
  return 0;
}
