// Channel: a switched connection, over TCP, TLS or a stream of HTTP/2, one step after the other.
//
//   WireChannel channel(wire);
//   if (co_await channel.fill(Millis(2'000)) == Code::ok) use(channel.input());
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/limits.h"
#include "probe/http2_speaker.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout::probe {

class Channel {
 public:
  virtual ~Channel() = default;
  virtual MutableBytes input() = 0;
  virtual void consume(std::size_t n) = 0;
  /// More behind input(): ok, end, timed_out, reset.
  virtual Task<Code> fill(Millis limit) = 0;
  virtual Task<Code> send(Bytes bytes, Millis limit) = 0;
  virtual Task<Code> end(Millis limit) = 0;
};

class WireChannel final : public Channel {
 public:
  explicit WireChannel(Wire& wire) noexcept : wire_(wire) {}
  MutableBytes input() override { return wire_.peek_mutable(); }
  void consume(std::size_t n) override { wire_.consume(n); }
  Task<Code> fill(Millis limit) override;
  Task<Code> send(Bytes bytes, Millis limit) override;
  Task<Code> end(Millis limit) override;

 private:
  Wire& wire_;
};

class Http2Channel final : public Channel {
 public:
  Http2Channel(Http2Speaker& http2, std::int32_t id) noexcept : http2_(http2), id_(id) {}
  MutableBytes input() override;
  void consume(std::size_t n) override { http2_.consume(id_, n); }
  Task<Code> fill(Millis limit) override;
  Task<Code> send(Bytes bytes, Millis limit) override;
  Task<Code> end(Millis limit) override;

 private:
  Http2Speaker& http2_;
  std::int32_t id_;
};

}  // namespace turnout::probe
