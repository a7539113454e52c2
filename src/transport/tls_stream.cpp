#include "transport/tls_stream.h"

#include <map>
#include <string>
#include <utility>

namespace turnout {

TlsStream::TlsStream(Wire below, std::shared_ptr<const TlsContext> context, TlsAccept accept)
    : Stream(below.worker(), static_cast<std::uint8_t>(below.stream().layer() + 1)),
      below_(std::move(below)),
      reader_([](Waiter& waiter) noexcept { static_cast<Below&>(waiter).owner.below_readable(); }, *this),
      writer_([](Waiter& waiter) noexcept { static_cast<Below&>(waiter).owner.below_writable(); }, *this),
      engine_(std::move(context), accept) {
  below_.expires_never();  // deadlines are this stream's from now on (L9)
}

TlsStream::TlsStream(Wire below, std::shared_ptr<const TlsClientContext> context, const TlsConnect& connect)
    : Stream(below.worker(), static_cast<std::uint8_t>(below.stream().layer() + 1)),
      below_(std::move(below)),
      reader_([](Waiter& waiter) noexcept { static_cast<Below&>(waiter).owner.below_readable(); }, *this),
      writer_([](Waiter& waiter) noexcept { static_cast<Below&>(waiter).owner.below_writable(); }, *this),
      engine_(std::move(context), connect) {
  below_.expires_never();
}

TlsStream::~TlsStream() {
  below_.stream().wait(Side::read, nullptr);
  below_.stream().wait(Side::write, nullptr);
  worker().unpost(reader_);
  worker().unpost(writer_);
}

TlsStep TlsStream::advance(MutableBytes plain) noexcept {
  Bytes input = below_.peek();
  const std::size_t given = input.size();
  const TlsStep step =
      engine_.established() ? engine_.read(input, plain, Millis(worker().now_ms())) : engine_.handshake(input);
  below_.consume(given - input.size());
  // Reading writes as well: flights of the handshake, alerts, answers to key updates. Whether that could be flushed is
  // the writers' concern, and flush() goes on by itself.
  (void)flush();
  return step;
}

Code TlsStream::resolve(TlsStatus status) noexcept {
  switch (status) {
    case TlsStatus::done:
    case TlsStatus::end: return Code::ok;
    case TlsStatus::truncated: return Code::reset;
    case TlsStatus::failed: return Code::malformed;
    case TlsStatus::want_write:
      if (write_error_ != Code::ok) return write_error_;
      if (engine_.output().empty()) return Code::ok;
      read_needs_flush_ = true;
      return Code::would_block;
    case TlsStatus::want_read: break;
  }
  const Io io = Wire::try_fill(below_.stream());
  if (io.code == Code::would_block) {
    // The peer may be waiting for what could not be sent: a handshake's flight, or what a write left to flush.
    if (write_error_ != Code::ok) return write_error_;
    below_.stream().wait(Side::read, &reader_);
  }
  if (io.code == Code::ok && io.n == 0) engine_.input_ended();
  return io.code;
}

Code TlsStream::try_handshake() noexcept {
  while (true) {
    if (engine_.established()) return Code::ok;
    const TlsStep step = advance({});
    if (step.status == TlsStatus::done) return Code::ok;
    const Code code = resolve(step.status);
    if (code != Code::ok) return code;
  }
}

Io TlsStream::try_read(MutableBytes into) noexcept {
  while (true) {
    const TlsStep step = advance(into);
    if (step.n != 0) return {step.n, Code::ok};
    const Code code = resolve(step.status);
    if (step.status == TlsStatus::end || code != Code::ok) return {0, code};
  }
}

Io TlsStream::try_write(Bytes from) noexcept {
  if (closing_) return {0, Code::reset};
  // One lot at a time: what is written here while the layer below is behind would only pile up.
  if (const Code code = flush(); code != Code::ok) return {0, code};
  const TlsStep step = engine_.write(from);
  if (step.n == 0 && !from.empty()) return {0, Code::reset};
  (void)flush();
  if (write_error_ != Code::ok) return {0, write_error_};
  return {step.n, Code::ok};
}

Code TlsStream::try_close_write() noexcept {
  if (const Code code = flush(); code != Code::ok) return code;
  if (!closing_) {
    // RFC 9112 section 9.8. After a failure there is nothing to say but the alert, which has been flushed already.
    closing_ = true;
    (void)engine_.close_notify();
  }
  if (const Code code = flush(); code != Code::ok) return code;
  return below_.stream().try_close_write();
}

void TlsStream::abort() noexcept {
  write_error_ = Code::reset;
  below_.stream().abort();
  wake_both_later();
}

Code TlsStream::flush() noexcept {
  while (write_error_ == Code::ok && !engine_.output().empty()) {
    const Io io = below_.stream().try_write(engine_.output());
    if (io.code == Code::would_block) {
      below_.stream().wait(Side::write, &writer_);
      return io.code;
    }
    write_error_ = io.code;
    engine_.output_taken(io.n);
  }
  return write_error_;
}

void TlsStream::below_readable() noexcept {
  wake_now(take_waiter(Side::read));
}

void TlsStream::below_writable() noexcept {
  if (flush() == Code::would_block) return;
  if (std::exchange(read_needs_flush_, false) || write_error_ != Code::ok) wake_later(Side::read);
  wake_now(take_waiter(Side::write));
}

std::string_view TlsStream::name() const noexcept {
  // A view has to stay valid, and there are only as many names as ways to stack layers.
  thread_local std::map<std::string, std::string, std::less<>> names;
  const std::string_view below = below_.stream().name();
  const auto known = names.find(below);
  if (known != names.end()) return known->second;
  return names.emplace(below, std::string(below) + "/tls").first->second;
}

bool TlsStream::Handshake::attempt() noexcept {
  if (const Code why = stream_.take_interrupt(Side::read); why != Code::ok) {
    error_.code = why;
    return true;
  }
  const Code code = tls_.try_handshake();
  if (code == Code::would_block) return false;
  error_.code = code;
  return true;
}

}  // namespace turnout
