// Http2UpstreamLink: a client's connection, as its exchanges and its owner share it. It stays until the last of them
// is gone; the wire is closed when run() ends.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>

#include "proxy/http2_request_fields.h"
#include "proxy/http2_upstream_stream.h"
#include "transport/http2/link.h"

namespace turnout {

class Http2UpstreamLink final : public Http2Link, public std::enable_shared_from_this<Http2UpstreamLink> {
 public:
  Http2UpstreamLink(Wire wire, const Limits& limits, Millis idle);

  Task<void> run();
  void close();
  void abort() noexcept { break_off(); }

  bool can_open() const noexcept;
  std::size_t open() const noexcept { return reserved_ + open_streams(); }
  bool was_used() const noexcept { return was_used_; }

  // For an exchange: first a place, then a stream.
  void reserve() noexcept { ++reserved_; }
  void unreserve();
  /// nullptr where the connection takes none any more.
  Http2UpstreamStream* submit(const Http2RequestFields& fields, Http2UpstreamStream::Asked asked, bool with_body);
  bool is_secure() const noexcept { return is_secure_; }
  /// Streams that are submitted now may still come to something.
  bool can_carry_on() const noexcept { return began_ && !is_ended_ && !is_over() && !is_broken(); }

  /// Extended CONNECT may only be used when the server has said so (RFC 8441 section 3), so its SETTINGS are waited
  /// for. They come in time, or the connection is over.
  bool knows_settings() const noexcept { return has_preface() || is_ended_; }
  bool offers_extended_connect() const noexcept;
  class Settings : public Waiter {
   public:
    explicit Settings(Http2UpstreamLink& link) noexcept;
    ~Settings();
    bool await_ready() const noexcept { return link_.knows_settings(); }
    void await_suspend(std::coroutine_handle<> caller);
    void await_resume() const noexcept {}
    void give_up() noexcept;

   private:
    Http2UpstreamLink& link_;
    std::coroutine_handle<> caller_;
  };

  void release(Http2StreamState& state) override;

 private:
  void on_drain() override { close(); }
  std::optional<std::uint64_t> deadline_ms() const noexcept override;
  void on_deadline() override { terminate(NGHTTP2_NO_ERROR, Why::idle_timeout); }
  Http2StreamState* begin_head(const nghttp2_frame& frame, Http2StreamState* state) override;
  void on_head_field(Http2StreamState& state, Field field) override;
  void on_head(Http2StreamState& state, bool ends) override;
  void on_settings(bool is_first) override;
  void count_reset(const Http2StreamState* state, bool is_ours, std::uint32_t error_code) override;
  bool is_complete(const Http2StreamState& state, std::uint32_t error_code) const noexcept override;
  Code failure_of(const Http2StreamState& state, std::uint32_t error_code) const noexcept override;
  void on_end_of_connection(Http2StreamState& state) noexcept override;
  void close_half(Http2StreamState& state) override;

  Millis idle_;
  bool is_secure_;
  bool began_;
  bool is_closing_ = false;
  bool is_ended_ = false;
  bool was_used_ = false;
  std::size_t reserved_ = 0;  // exchanges without a stream
  PooledVector<Settings*> waiting_;
};

}  // namespace turnout
