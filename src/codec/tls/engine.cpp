#include "codec/tls/engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace turnout {
namespace {

constexpr std::size_t record_bytes_max = 16 * 1024;    // of plaintext: RFC 8446 section 5.1
constexpr std::size_t record_overhead_bytes_max = 64;  // header, nonce, tag, inner type
constexpr std::size_t output_bytes_min = 512;
constexpr Millis minute{60'000};

TlsVersion version_of(const SSL* ssl) noexcept {
  switch (SSL_version(ssl)) {
    case TLS1_2_VERSION: return TlsVersion::tls_1_2;
    case TLS1_3_VERSION: return TlsVersion::tls_1_3;
    default: return TlsVersion::none;
  }
}

}  // namespace

/// What OpenSSL calls: a BIO that reads the view given for the call in progress and appends to the output, and
/// the observer of handshake messages. Nothing is copied into a BIO of OpenSSL's own, which would keep it.
struct TlsEngineCallbacks {
  static TlsEngine& engine_of(BIO* bio) { return *static_cast<TlsEngine*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    TlsEngine& engine = engine_of(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0 || engine.flooded_) return -1;
    if (engine.input_ == nullptr || engine.input_->empty()) {
      if (engine.input_ended_) return 0;
      BIO_set_retry_read(bio);
      return -1;
    }
    const MutableBytes target(reinterpret_cast<std::byte*>(into), static_cast<std::size_t>(size));
    const std::size_t n = copy_some(target, *engine.input_);
    *engine.input_ = engine.input_->subspan(n);
    return static_cast<int>(n);
  }

  static int write(BIO* bio, const char* from, int size) {
    TlsEngine& engine = engine_of(bio);
    BIO_clear_retry_flags(bio);
    if (size <= 0) return 0;
    if (engine.output_end_ - engine.output_begin_ >= TlsEngine::output_bytes_max) {
      BIO_set_retry_write(bio);
      return -1;
    }
    const auto n = static_cast<std::size_t>(size);
    if (!engine.reserve_output(n)) return -1;
    std::memcpy(engine.output_.get() + engine.output_end_, from, n);
    engine.output_end_ += n;
    return size;
  }

  static long control(BIO* bio, int command, long, void*) {
    const TlsEngine& engine = engine_of(bio);
    switch (command) {
      case BIO_CTRL_EOF: return engine.input_ended_ && (engine.input_ == nullptr || engine.input_->empty()) ? 1 : 0;
      case BIO_CTRL_FLUSH: return 1;
      default: return 0;
    }
  }

  /// Made once, never freed: it is as old as the process.
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "turnout");
      if (fresh == nullptr) return fresh;
      BIO_meth_set_read(fresh, &TlsEngineCallbacks::read);
      BIO_meth_set_write(fresh, &TlsEngineCallbacks::write);
      BIO_meth_set_ctrl(fresh, &TlsEngineCallbacks::control);
      return fresh;
    }();
    return made;
  }

  /// Counts what the peer can make us work with after the handshake (T3): key updates, tickets, and a ClientHello
  /// or HelloRequest that we refuse.
  static void message(int written, int, int content, const void*, std::size_t, SSL*, void* self) {
    TlsEngine& engine = *static_cast<TlsEngine*>(self);
    if (!engine.established_ || written != 0 || content != SSL3_RT_HANDSHAKE) return;
    if (engine.now_ - engine.minute_began_ >= minute) {
      engine.minute_began_ = engine.now_;
      engine.late_messages_ = 0;
    }
    ++engine.late_messages_;
    if (engine.late_messages_ > TlsEngine::late_messages_per_minute_max) engine.flooded_ = true;
  }
};

void TlsEngine::SslDeleter::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

TlsEngine::TlsEngine(std::shared_ptr<const TlsContext> context, TlsAccept accept) : context_(std::move(context)) {
  handshake_.upgraded = accept.upgraded;
  ssl_.reset(context_->make_ssl(handshake_));
  if (ssl_ != nullptr && accept.version_max == TlsVersion::tls_1_2) {
    SSL_set_max_proto_version(ssl_.get(), TLS1_2_VERSION);
  }
  attach();
}

TlsEngine::TlsEngine(std::shared_ptr<const TlsClientContext> context, const TlsConnect& connect)
    : client_context_(std::move(context)), session_(connect.session), ssl_(client_context_->make_ssl(connect)) {
  attach();
}

TlsEngine::~TlsEngine() = default;

void TlsEngine::attach() noexcept {
  BIO_METHOD* method = TlsEngineCallbacks::method();
  BIO* bio = ssl_ == nullptr || method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) {
    ERR_clear_error();
    ssl_.reset();
    final_ = TlsStatus::failed;
    why_ = Why::internal;
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_msg_callback(ssl_.get(), &TlsEngineCallbacks::message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
}

bool TlsEngine::reserve_output(std::size_t more) noexcept {
  if (output_capacity_ - output_end_ >= more) return true;
  const std::size_t kept = output_end_ - output_begin_;
  const std::size_t capacity = std::max({output_bytes_min, kept + more, 2 * kept});
  std::unique_ptr<std::byte[]> larger(new (std::nothrow) std::byte[capacity]);
  if (larger == nullptr) return false;
  if (kept != 0) std::memcpy(larger.get(), output_.get() + output_begin_, kept);
  output_ = std::move(larger);
  output_capacity_ = capacity;
  output_begin_ = 0;
  output_end_ = kept;
  return true;
}

void TlsEngine::output_taken(std::size_t n) noexcept {
  output_begin_ += std::min(n, output_end_ - output_begin_);
  if (output_begin_ != output_end_) return;
  output_.reset();
  output_begin_ = output_end_ = output_capacity_ = 0;
}

TlsStep TlsEngine::judge(int result) noexcept {
  const int kind = SSL_get_error(ssl_.get(), result);
  if (kind == SSL_ERROR_WANT_READ) return {0, TlsStatus::want_read};
  if (kind == SSL_ERROR_WANT_WRITE) return {0, TlsStatus::want_write};
  if (kind == SSL_ERROR_ZERO_RETURN && established_) {
    final_ = TlsStatus::end;
    return {0, final_};
  }
  error_ = ERR_peek_error();
  const bool cut_off = ERR_GET_REASON(error_) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  ERR_clear_error();
  final_ = cut_off ? TlsStatus::truncated : TlsStatus::failed;
  if (flooded_) {
    why_ = Why::flood;
  } else if (handshake_.why != Why::none) {
    why_ = handshake_.why;
  } else if (ERR_GET_REASON(error_) == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL) {
    why_ = Why::no_application_protocol;
  } else {
    why_ = cut_off && established_ ? Why::tls_truncated : Why::tls_failed;
  }
  return {0, final_};
}

TlsStep TlsEngine::handshake(Bytes& input) noexcept {
  if (final_ != TlsStatus::done) return {0, final_};
  if (established_) return {0, TlsStatus::done};
  ERR_clear_error();
  input_ = &input;
  const int result = SSL_do_handshake(ssl_.get());
  const TlsStep step = result == 1 ? TlsStep{0, TlsStatus::done} : judge(result);
  input_ = nullptr;
  established_ = result == 1;
  return step;
}

TlsStep TlsEngine::read(Bytes& input, MutableBytes plain, Millis now) noexcept {
  if (final_ != TlsStatus::done) return {0, final_};
  if (!established_ || plain.empty()) return {0, TlsStatus::want_read};
  ERR_clear_error();
  now_ = now;
  input_ = &input;
  std::size_t total = 0;
  TlsStep step;
  // Record after record, so that one call empties what one read from below brought.
  while (total < plain.size()) {
    std::size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), plain.data() + total, plain.size() - total, &n);
    if (result != 1) {
      step = judge(result);
      break;
    }
    total += n;
  }
  input_ = nullptr;
  if (total != 0) return {total, TlsStatus::done};
  return step;
}

TlsStep TlsEngine::write(Bytes plain) noexcept {
  if (final_ == TlsStatus::failed || final_ == TlsStatus::truncated) return {0, final_};
  if (!established_) return {0, TlsStatus::want_read};
  ERR_clear_error();
  const std::size_t wanted = std::min(plain.size(), output_bytes_max);
  const std::size_t records = wanted / record_bytes_max + 1;
  if (wanted != 0) reserve_output(wanted + records * record_overhead_bytes_max);
  std::size_t total = 0;
  TlsStep step;
  while (total < plain.size()) {
    if (output().size() >= output_bytes_max) {
      step.status = TlsStatus::want_write;
      break;
    }
    std::size_t n = 0;
    const std::size_t part = std::min(plain.size() - total, record_bytes_max);
    const int result = SSL_write_ex(ssl_.get(), plain.data() + total, part, &n);
    if (result != 1) {
      step = judge(result);
      break;
    }
    total += n;
  }
  if (total != 0) return {total, TlsStatus::done};
  return step;
}

TlsStep TlsEngine::close_notify() noexcept {
  if (final_ == TlsStatus::failed || final_ == TlsStatus::truncated) return {0, final_};
  if (!established_) return {0, TlsStatus::want_read};
  if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0) return {};
  if (output().size() >= output_bytes_max) return {0, TlsStatus::want_write};
  ERR_clear_error();
  // 0 is success: sent, and not answered yet.
  const int result = SSL_shutdown(ssl_.get());
  return result >= 0 ? TlsStep{} : judge(result);
}

TlsInfo TlsEngine::info() const noexcept {
  TlsInfo info;
  if (ssl_ == nullptr || !established_) return info;
  info.version = version_of(ssl_.get());
  info.cipher = SSL_get_cipher_name(ssl_.get());
  const unsigned char* alpn = nullptr;
  unsigned int alpn_size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &alpn, &alpn_size);
  if (alpn != nullptr) info.alpn = {reinterpret_cast<const char*>(alpn), alpn_size};
  if (context_ != nullptr) {
    info.server_name = handshake_.server_name;
  } else if (const char* asked = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) {
    info.server_name = asked;
  }
  info.resumed = SSL_session_reused(ssl_.get()) == 1;
  return info;
}

std::string_view TlsEngine::failure() const noexcept {
  if (why_ == Why::none) return {};
  if (handshake_.why != Why::none || flooded_) return sentence(why_);
  if (ERR_GET_REASON(error_) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
  }
  const char* reason = error_ == 0 ? nullptr : ERR_reason_error_string(error_);
  return reason == nullptr ? sentence(why_) : std::string_view(reason);
}

TlsFault TlsEngine::fault() const noexcept {
  if (final_ != TlsStatus::failed) return TlsFault::none;
  const int reason = ERR_GET_REASON(error_);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return TlsFault::certificate;
  // OpenSSL numbers its reasons for the alerts of a peer from here on, and RFC 8446 has 256 of them.
  const bool alert = reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256;
  return alert ? TlsFault::alert : TlsFault::protocol;
}

std::optional<TlsCertificate> TlsEngine::peer_certificate() const {
  if (ssl_ == nullptr) return std::nullopt;
  X509* leaf = SSL_get1_peer_certificate(ssl_.get());
  if (leaf == nullptr) return std::nullopt;
  return TlsCertificate(TlsCertificate::X509Ptr(leaf, X509_free), {}, nullptr);
}

}  // namespace turnout
