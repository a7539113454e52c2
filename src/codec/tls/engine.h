// TlsEngine: one TLS connection without I/O. Ciphertext goes in as a view, given for the call, and comes
// out into a buffer that exists only while it holds something.
//
//   TlsEngine engine(context);
//   TlsStep step = engine.handshake(received);        // takes from the front of `received`
//   send(engine.output());  engine.output_taken(sent);
//   step = engine.read(received, plain, now);         // step.n bytes of plaintext
//   engine.write(as_bytes("hello"));                  // ciphertext: engine.output()
//
//          received ---> |  handshake, read  | ---> plain
//          output() <--- |  handshake, write | <--- plain
//
// An idle connection keeps OpenSSL's object and nothing else. Every call can leave something in output(),
// reading as well (alerts, key updates, tickets). The engine does not move: OpenSSL points to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/why.h"
#include "codec/tls/certificate.h"
#include "codec/tls/client_context.h"
#include "codec/tls/context.h"
#include "codec/tls/version.h"

namespace turnout {

enum class TlsStatus : std::uint8_t {
  done,        // the handshake is complete; n bytes were read or written
  want_read,   // more ciphertext is needed
  want_write,  // output() has to be sent first
  end,         // the peer said close_notify
  truncated,   // the input ended without it
  failed,      // broken, for good; why() and failure() say how, output() may hold the alert
};

struct TlsStep {
  std::size_t n = 0;
  TlsStatus status = TlsStatus::done;

  friend bool operator==(const TlsStep&, const TlsStep&) = default;
};

/// Where a failure lies, for those who have to say so to somebody else.
enum class TlsFault : std::uint8_t {
  none,
  protocol,     // the peer does not speak TLS, or not in a way that we do
  certificate,  // the peer's is not one that we take
  alert,        // the peer did not want to go on
};

struct TlsAccept {
  bool upgraded = false;                         // after a 101 (RFC 2817)
  TlsVersion version_max = TlsVersion::tls_1_3;  // then: what the 101 named
};

/// Views live as long as the engine.
struct TlsInfo {
  TlsVersion version = TlsVersion::none;
  std::string_view cipher;
  std::string_view alpn;         // empty if none was negotiated
  std::string_view server_name;  // SNI, lower case, only characters of host names
  bool resumed = false;
};

class TlsEngine {
 public:
  /// Output is not added to beyond this, save for the record that crosses it.
  static constexpr std::size_t output_bytes_max = 64 * 1024;
  /// Handshake messages after the handshake (key updates, tickets, attempts to renegotiate) in a minute.
  static constexpr std::uint32_t late_messages_per_minute_max = 16;

  explicit TlsEngine(std::shared_ptr<const TlsContext> context, TlsAccept accept = {});
  TlsEngine(std::shared_ptr<const TlsClientContext> context, const TlsConnect& connect);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// Until it is done; then read and write.
  TlsStep handshake(Bytes& input) noexcept;
  /// As much as fits into `plain`. What was read before an end or an error is delivered before it.
  TlsStep read(Bytes& input, MutableBytes plain, Millis now) noexcept;
  /// Takes as much of `plain` as output() has room for.
  TlsStep write(Bytes plain) noexcept;
  /// Says that nothing more will be written. Reading goes on.
  TlsStep close_notify() noexcept;
  /// The layer below has ended: what is not in `input` will never come.
  void input_ended() noexcept { input_ended_ = true; }

  Bytes output() const noexcept { return {output_.get() + output_begin_, output_end_ - output_begin_}; }
  void output_taken(std::size_t n) noexcept;

  bool established() const noexcept { return established_; }
  TlsInfo info() const noexcept;
  /// Why it failed or was truncated, for the record; Why::none as long as it did not.
  Why why() const noexcept { return why_; }
  /// The same for a person, in OpenSSL's words ("certificate verify failed", "http request").
  std::string_view failure() const noexcept;
  TlsFault fault() const noexcept;
  std::optional<TlsCertificate> peer_certificate() const;
  /// For diagnosis and tests.
  ssl_st* native() const noexcept { return ssl_.get(); }

 private:
  friend struct TlsEngineCallbacks;
  struct SslDeleter {
    void operator()(ssl_st* ssl) const noexcept;
  };

  void attach() noexcept;
  TlsStep begin(Bytes& input) noexcept;
  /// What a call that returned `result` means.
  TlsStep judge(int result) noexcept;
  bool reserve_output(std::size_t more) noexcept;

  std::shared_ptr<const TlsContext> context_;  // its callbacks are called during the handshake
  std::shared_ptr<const TlsClientContext> client_context_;
  TlsHandshake handshake_;
  std::shared_ptr<TlsSessionSlot> session_;  // where the session goes
  std::unique_ptr<ssl_st, SslDeleter> ssl_;

  Bytes* input_ = nullptr;  // of the call in progress
  std::unique_ptr<std::byte[]> output_;
  std::size_t output_begin_ = 0;
  std::size_t output_end_ = 0;
  std::size_t output_capacity_ = 0;

  unsigned long error_ = 0;  // OpenSSL's
  Millis minute_began_{0};
  Millis now_{0};
  std::uint32_t late_messages_ = 0;
  TlsStatus final_ = TlsStatus::done;  // end, truncated, failed: stays
  Why why_ = Why::none;
  bool established_ = false;
  bool input_ended_ = false;
  bool flooded_ = false;
};

}  // namespace turnout
