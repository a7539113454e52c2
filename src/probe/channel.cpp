#include "probe/channel.h"

namespace turnout::probe {

Task<Code> WireChannel::fill(Millis limit) {
  wire_.expires_after(limit);
  const Result<std::size_t> more = co_await wire_.fill();
  wire_.expires_never();
  if (!more) co_return more.error().code;
  co_return *more == 0 ? Code::end : Code::ok;
}

Task<Code> WireChannel::send(Bytes bytes, Millis limit) {
  wire_.expires_after(limit);
  const Result<void> written = co_await wire_.write(bytes);
  wire_.expires_never();
  co_return written ? Code::ok : written.error().code;
}

Task<Code> WireChannel::end(Millis limit) {
  wire_.expires_after(limit);
  const Result<void> ended = co_await wire_.close_write();
  wire_.expires_never();
  co_return ended ? Code::ok : ended.error().code;
}

MutableBytes Http2Channel::input() {
  std::string& data = http2_.stream(id_).data;
  return {reinterpret_cast<std::byte*>(data.data()), data.size()};
}

Task<Code> Http2Channel::fill(Millis limit) {
  Http2Speaker::StreamFacts& stream = http2_.stream(id_);
  if (stream.ended) co_return Code::end;
  if (stream.closed) co_return Code::reset;
  const std::size_t before = stream.data.size();
  const Code code = co_await http2_.until(
      limit, [&stream, before] { return stream.data.size() > before || stream.ended || stream.closed; });
  if (code != Code::ok) co_return code;
  if (stream.data.size() > before) co_return Code::ok;
  co_return stream.ended ? Code::end : Code::reset;
}

Task<Code> Http2Channel::send(Bytes bytes, Millis limit) {
  http2_.send(id_, bytes);
  const Code code = co_await http2_.until(limit, [] { return true; });
  co_return code;
}

Task<Code> Http2Channel::end(Millis limit) {
  http2_.end(id_);
  const Code code = co_await http2_.until(limit, [] { return true; });
  co_return code;
}

}  // namespace turnout::probe
