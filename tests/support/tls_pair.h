// Two TLS engines back to back, for tests: what one puts out, the other takes in, in pieces of any size.
//
//   TlsPair pair(server_context, client_context, {.host = "localhost"});
//   ASSERT_TRUE(pair.handshake());
//   pair.client.write(as_bytes("hello"));
//   EXPECT_EQ(pair.server_reads(), "hello");
#pragma once

#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "codec/tls/engine.h"
#include "codec/tls/self_signed.h"

namespace turnout {

inline TlsCertificate test_certificate(std::vector<std::string> names) {
  SelfSignedOptions options;
  options.common_name = "test";
  options.names = std::move(names);
  return make_self_signed(options).value();
}

inline std::shared_ptr<const TlsContext> test_server_context(std::vector<std::string> alpn = {"h2", "http/1.1"}) {
  TlsOptions options;
  options.listener = "test";
  options.certificates = {test_certificate({"localhost", "127.0.0.1", "::1"})};
  options.alpn = std::move(alpn);
  return TlsContext::make(std::move(options)).value();
}

inline std::shared_ptr<const TlsClientContext> test_client_context(std::vector<std::string> alpn = {}) {
  TlsClientOptions options;
  options.insecure = true;
  options.alpn = std::move(alpn);
  return TlsClientContext::make(options).value();
}

/// One direction of the pair: what was sent and not yet taken.
struct TlsPipe {
  std::string bytes;

  void take_output(TlsEngine& engine) {
    bytes += as_text(engine.output());
    engine.output_taken(engine.output().size());
  }
};

struct TlsPair {
  TlsPair(std::shared_ptr<const TlsContext> server_context, std::shared_ptr<const TlsClientContext> client_context,
          TlsConnect connect = {.host = "localhost"}, TlsAccept accept = {})
      : server_engine(std::make_unique<TlsEngine>(std::move(server_context), accept)),
        client_engine(std::make_unique<TlsEngine>(std::move(client_context), connect)),
        server(*server_engine),
        client(*client_engine) {}

  /// True when both sides completed it. Each call of an engine gets at most `piece` bytes.
  bool handshake(std::size_t piece = ~std::size_t{0}) {
    for (int idle = 0; idle < 2;) {
      const bool moved_client = step(client, to_client, to_server, piece);
      const bool moved_server = step(server, to_server, to_client, piece);
      idle = moved_client || moved_server ? 0 : idle + 1;
    }
    return client.established() && server.established();
  }

  /// Everything that the side can read now; `last` says how it ended.
  std::string server_reads(std::size_t piece = ~std::size_t{0}) { return read(server, client, to_server, piece); }
  std::string client_reads(std::size_t piece = ~std::size_t{0}) { return read(client, server, to_client, piece); }

  std::unique_ptr<TlsEngine> server_engine;
  std::unique_ptr<TlsEngine> client_engine;
  TlsEngine& server;
  TlsEngine& client;
  TlsPipe to_server;
  TlsPipe to_client;
  TlsStep last;
  Millis now{1};

 private:
  bool step(TlsEngine& engine, TlsPipe& in, TlsPipe& out, std::size_t piece) {
    if (!engine.established()) {
      Bytes input = as_bytes(in.bytes).first(std::min(piece, in.bytes.size()));
      const std::size_t given = input.size();
      last = engine.handshake(input);
      in.bytes.erase(0, given - input.size());
      const bool put_out = !engine.output().empty();
      out.take_output(engine);
      return given != input.size() || put_out;
    }
    return false;
  }

  std::string read(TlsEngine& reader, TlsEngine& writer, TlsPipe& pipe, std::size_t piece) {
    std::string out;
    std::byte buffer[32 * 1024];
    pipe.take_output(writer);
    while (true) {
      Bytes input = as_bytes(pipe.bytes).first(std::min(piece, pipe.bytes.size()));
      const std::size_t given = input.size();
      last = reader.read(input, buffer, now);
      const std::size_t consumed = given - input.size();
      pipe.bytes.erase(0, consumed);
      out += as_text(Bytes(buffer).first(last.n));
      if (last.n == 0 && consumed == 0) break;
    }
    (&reader == &server ? to_client : to_server).take_output(reader);
    return out;
  }
};

}  // namespace turnout
