// WebSocket frames, with compression and without: being cut into pieces changes nothing, and no message is longer than
// its limit. The first byte chooses the role and the extension.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "codec/websocket/connection.h"

using namespace turnout;
using namespace turnout::websocket;

namespace {

constexpr std::size_t message_bytes_max = 64 * 1024;

std::string play(std::vector<std::byte> input, std::size_t piece_bytes, Role role, bool compressed) {
  EngineOptions options;
  options.message_bytes_max = message_bytes_max;
  if (compressed) options.deflate = Deflate{};
  Engine engine(role, options);
  std::string events;
  Buffer answers;
  for (std::size_t at = 0; at < input.size(); at += piece_bytes) {
    MutableBytes piece(input.data() + at, std::min(piece_bytes, input.size() - at));
    while (true) {
      const websocket::Event event = engine.next(piece);
      if (event.kind == websocket::Event::Kind::need_more) break;
      if (event.payload.size() > message_bytes_max) std::abort();
      events += static_cast<char>('a' + static_cast<int>(event.kind));
      events.append(as_text(event.payload)).append(std::to_string(event.code));
      if (engine.input_ended()) return events;
      engine.take_pong(answers);
      if (answers.size() > 1024 * 1024) answers.clear();
    }
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Role role = (data[0] & 1) != 0 ? Role::client : Role::server;
  const bool compressed = (data[0] & 2) != 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const std::vector<std::byte> input(bytes + 1, bytes + size);
  const std::string whole = play(input, size + 1, role, compressed);
  if (play(input, 1, role, compressed) != whole) std::abort();
  if (play(input, 5, role, compressed) != whole) std::abort();
  return 0;
}
