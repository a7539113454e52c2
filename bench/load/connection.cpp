#include "bench/load/connection.h"

#include <openssl/err.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace turnout::bench {

char read_buffer[read_buffer_bytes];

void Connection::open() {
  ssl_.reset();
  unsent_ = {};
  socket_.reset(start_connecting(run_.to, source_for(run_.to, source_number_ + number_, connections_per_address_)));
  if (socket_.fd() < 0) {
    fail(std::string("connect: ") + std::strerror(errno));
    return;
  }
  state_ = State::connecting;
  run_.poller.add(socket_.fd(), *this);
}

void Connection::on_events(std::uint32_t events) {
  socket_.note(events);
  if (state_ == State::connecting || state_ == State::handshake) advance();
  if (state_ != State::open) return;
  flush();
  if (readable()) on_readable();
  end_if_over();
}

void Connection::advance() {
  if (state_ == State::connecting) {
    if (!socket_.writable() && !socket_.readable()) return;
    int error = 0;
    socklen_t size = sizeof error;
    // Only where something was announced beside the connection itself.
    if (socket_.readable() && getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) {
      fail(std::string("connect: ") + std::strerror(error));
      return;
    }
    if (run_.tls.is_on()) {
      ssl_ = run_.tls.begin(socket_.fd(), resumes_ ? session_.get() : nullptr, this);
      state_ = State::handshake;
    } else {
      state_ = State::open;
    }
  }
  if (state_ == State::handshake) {
    const int done = SSL_do_handshake(ssl_.get());
    if (done != 1) {
      const int error = SSL_get_error(ssl_.get(), done);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) fail("handshake: " + last_tls_error());
      return;
    }
    state_ = State::open;
  }
  on_open();
}

std::size_t Connection::receive(char* buffer, std::size_t size) {
  if (!ssl_) return socket_.receive(buffer, size);
  std::size_t count = 0;
  if (SSL_read_ex(ssl_.get(), buffer, size, &count) == 1) return count;
  socket_.set_readable(false);
  switch (SSL_get_error(ssl_.get(), 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: break;
    case SSL_ERROR_ZERO_RETURN: socket_.set_ended(); break;
    default: ERR_clear_error(); socket_.set_error(EPROTO);
  }
  return 0;
}

std::size_t Connection::discard(std::size_t size) {
  // For TCP, MSG_TRUNC means that nothing is copied: tcp(7). No byte of the buffer is touched.
  static char nowhere[1];
  return socket_.receive(nowhere, size, MSG_TRUNC);
}

void Connection::send(std::string_view bytes) {
  unsent_ = bytes;
  flush();
}

void Connection::flush() {
  if (unsent_.empty()) return;
  while (!unsent_.empty() && socket_.writable()) {
    if (!ssl_) {
      unsent_.remove_prefix(socket_.send(unsent_.data(), unsent_.size()));
      continue;
    }
    std::size_t count = 0;
    if (SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &count) == 1) {
      unsent_.remove_prefix(count);
      continue;
    }
    socket_.set_writable(false);
    const int error = SSL_get_error(ssl_.get(), 0);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) {
      ERR_clear_error();
      socket_.set_error(EPIPE);
    }
  }
  if (unsent_.empty()) on_sent();
}

void Connection::end_if_over() {
  if (state_ != State::open || (!socket_.ended() && socket_.error() == 0)) return;
  const std::string how = socket_.ended() ? "ended by the server" : std::strerror(socket_.error());
  close();
  on_end(how);
}

void Connection::close() {
  if (ssl_ && state_ == State::open) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ssl_.reset();
  socket_.close();
  unsent_ = {};
  state_ = State::closed;
}

void Connection::fail(std::string_view what) {
  run_.fail(what);
  close();
}

}  // namespace turnout::bench
