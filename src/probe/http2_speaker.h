// Http2Speaker: a client's side of HTTP/2 that takes one step after the other, and keeps what it saw.
//
//   Http2Speaker http2(wire);
//   http2.begin();
//   co_await http2.until(limit, [&] { return http2.settings; });
//   const std::int32_t id = http2.request(fields, false);
//   co_await http2.until(limit, [&] { return http2.stream(id).status != 0; });
#pragma once

#include <nghttp2/nghttp2.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "codec/http/fields.h"
#include "runtime/task.h"
#include "transport/wire.h"

namespace turnout::probe {

class Http2Speaker {
 public:
  struct StreamFacts {
    int status = 0;
    FieldList fields;
    std::string data;  // bounded by what the window allows; consume() opens it again
    bool ended = false;
    bool closed = false;
    bool was_reset = false;
    std::uint32_t error = 0;
  };
  using Fields = std::vector<std::pair<std::string, std::string>>;

  explicit Http2Speaker(Wire& wire) noexcept : wire_(wire) {}
  ~Http2Speaker();
  Http2Speaker(const Http2Speaker&) = delete;
  Http2Speaker& operator=(const Http2Speaker&) = delete;

  bool begin();
  /// Behind a 101: the request becomes stream 1, and what the server sends there answers it.
  bool begin_upgraded(Bytes settings, bool was_head);
  /// `open`: our side of the stream stays open for send(). Negative where nothing more can be asked.
  std::int32_t request(const Fields& fields, bool open);
  void send(std::int32_t id, Bytes bytes);
  void end(std::int32_t id);
  void consume(std::int32_t id, std::size_t n);
  void ping();
  void goodbye();

  /// Writes what is queued and reads until `ready`, or why it ended before: timed_out, end, reset, malformed.
  Task<Code> until(Millis limit, std::function<bool()> ready);

  StreamFacts& stream(std::int32_t id) { return streams_[id]; }
  const std::vector<std::string>& lines() const noexcept { return lines_; }  // for -v

  bool settings = false;          // the server's have come
  bool extended_connect = false;  // and say SETTINGS_ENABLE_CONNECT_PROTOCOL = 1
  bool pong = false;
  std::optional<std::uint32_t> goaway;
  std::string fault;  // what nghttp2 says of the server
  std::string first_bytes;

 private:
  friend struct Http2SpeakerCallbacks;
  bool make_session();
  Task<Code> flush(Millis limit);

  Wire& wire_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, StreamFacts> streams_;
  std::map<std::int32_t, std::string> outgoing_;
  std::map<std::int32_t, bool> ending_;
  std::vector<std::string> lines_;
};

}  // namespace turnout::probe
