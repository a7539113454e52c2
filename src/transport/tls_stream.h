// TlsStream: TLS over any wire - TCP, a tunnel, a stream of HTTP/2, memory.
//
//   auto stream = std::make_unique<TlsStream>(std::move(wire), context, TlsAccept{});
//   TlsStream& tls = *stream;
//   Wire inside(std::move(stream));
//   inside.expires_after(limits.tls_handshake);
//   const Result<TlsInfo> info = co_await tls.handshake();
//
// What was read from the wire and not yet consumed stays below: it can only be taken as TLS records, never surface
// as plaintext (L6, T1). An end without close_notify is a reset (T9).
//
// Writing takes what it encrypts, 64 KiB at most, and the rest only when the layer below took all of that; the stream
// flushes by itself. close_write() is back when everything was flushed: a stream that is dropped before loses it.
#pragma once

#include <memory>

#include "codec/tls/engine.h"
#include "transport/wire.h"

namespace turnout {

class TlsStream final : public Stream {
 public:
  class Handshake;

  /// As a server.
  TlsStream(Wire below, std::shared_ptr<const TlsContext> context, TlsAccept accept);
  /// As a client.
  TlsStream(Wire below, std::shared_ptr<const TlsClientContext> context, const TlsConnect& connect);
  ~TlsStream() override;

  /// Before anything is read or written. Ends with `malformed` where it failed (why() and failure() say how; the
  /// alert is on its way) and with `reset` where the connection ended meanwhile.
  Handshake handshake() noexcept;

  Io try_read(MutableBytes into) noexcept override;
  Io try_write(Bytes from) noexcept override;
  Code try_close_write() noexcept override;
  void stay_for_long() noexcept override { below_.stream().stay_for_long(); }
  void abort() noexcept override;
  bool is_broken() const noexcept override { return below_.stream().is_broken(); }
  std::string_view name() const noexcept override;

  TlsInfo info() const noexcept { return engine_.info(); }
  /// Why it failed or was truncated; Why::none as long as it did not.
  Why why() const noexcept { return engine_.why(); }
  std::string_view failure() const noexcept { return engine_.failure(); }
  TlsFault fault() const noexcept { return engine_.fault(); }
  std::optional<TlsCertificate> peer_certificate() const { return engine_.peer_certificate(); }

 private:
  /// One of the two who wait on the layer below.
  struct Below : Waiter {
    Below(Fire function, TlsStream& stream) noexcept : Waiter(function), owner(stream) {}
    TlsStream& owner;
  };

  Code try_handshake() noexcept;
  /// Runs the engine on what lies below.
  TlsStep advance(MutableBytes plain) noexcept;
  /// What to do about a step that did not get on: ok is to try it again.
  Code resolve(TlsStatus status) noexcept;
  Code flush() noexcept;
  void below_readable() noexcept;
  void below_writable() noexcept;

  Wire below_;
  Below reader_;
  Below writer_;
  TlsEngine engine_;
  Code write_error_ = Code::ok;  // of the layer below: stays
  bool closing_ = false;         // close_notify was said
  bool read_needs_flush_ = false;
};

/// co_await tls.handshake()
class TlsStream::Handshake : public Operation<TlsStream::Handshake> {
 public:
  explicit Handshake(TlsStream& stream) noexcept : Operation(stream), tls_(stream) {}
  bool attempt() noexcept;
  void suspended() noexcept { stream_.wait(Side::read, this); }
  Result<TlsInfo> await_resume() const noexcept {
    if (error_.code != Code::ok) return std::unexpected(error_);
    return tls_.info();
  }

 private:
  TlsStream& tls_;
};

inline TlsStream::Handshake TlsStream::handshake() noexcept {
  return Handshake(*this);
}

}  // namespace turnout
