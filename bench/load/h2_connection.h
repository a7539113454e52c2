// A connection of HTTP/2 that carries WebSockets on its streams (RFC 8441), each with one message in flight or with a
// stream of them from the other side.
//
//   H2Connection connection(run, 0, message, 16, false);
//   connection.open();   // run.opened() once every stream has had its first message back
//   connection.start();
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <vector>

#include "bench/load/connection.h"
#include "bench/load/message.h"

namespace turnout::bench {

class H2Connection final : public Connection {
 public:
  H2Connection(Run& run, std::size_t number, Message& message, std::size_t streams, bool is_bulk);

  void start();
  /// Streams that have done nothing since this time.
  std::size_t count_stalled(std::int64_t since) const;

 private:
  struct FreeSession {
    void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
  };

  struct Stream {
    explicit Stream(Message& message) : check(message) {}
    std::int32_t id = 0;
    EchoCheck check;
    FrameReader reader;          // of a bulk stream
    std::uint64_t received = 0;  // of its payload
    std::size_t unsent = 0;      // of the message that is on its way
    std::int64_t begun = 0;
    bool is_open = false;
    bool proved = false;
  };

  void on_open() override;
  void on_readable() override;
  void on_sent() override;
  void on_end(std::string_view how) override { run_.fail(how); }

  void ask();
  void take(Stream& stream, std::string_view bytes);
  void take_bulk(Stream& stream, std::string_view bytes);
  void take_echo(Stream& stream, std::string_view bytes);
  void send_message(Stream& stream, std::int64_t now);
  void stream_opened(Stream& stream);
  void pump();
  Stream* find(std::int32_t id) const;

  static nghttp2_session_callbacks* callbacks();

  Message& message_;
  const bool is_bulk_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
  std::string out_;
  std::size_t ready_ = 0;  // streams that are open, and proved where they echo
  bool asked_ = false;
  bool pumping_ = false;
  std::string wrong_;  // found in a callback, said after it
};

}  // namespace turnout::bench
