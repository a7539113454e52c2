#include "proxy/http2_upstream_exchange.h"

#include "transport/http2/stream.h"

namespace turnout {
namespace {

// How long a server may be silent in the middle of its answer.
constexpr Millis content_idle{60'000};

std::unexpected<Error> failed(Code code) {
  return fail(code, Source::upstream);
}

}  // namespace

Http2UpstreamExchange::Http2UpstreamExchange(std::shared_ptr<Http2UpstreamLink> link) noexcept
    : link_(std::move(link)), has_place_(link_->can_open()), was_used_before_(link_->was_used()) {
  if (has_place_) link_->reserve();
}

Http2UpstreamExchange::~Http2UpstreamExchange() {
  if (has_place_) link_->unreserve();
  if (stream_ != nullptr) link_->release(*stream_);
}

Code Http2UpstreamExchange::check(Side side) noexcept {
  if (std::exchange(interrupted_[static_cast<std::size_t>(side)], false)) return Code::cancelled;
  return stream_ != nullptr ? stream_->failure() : failure_;
}

std::unexpected<Error> Http2UpstreamExchange::not_sent(Code code) noexcept {
  failure_ = code;
  return failed(code);
}

Task<Result<void>> Http2UpstreamExchange::send(const RequestHead& head, const RequestContent& content) {
  if (!has_place_) co_return not_sent(Code::refused);
  if (!head.protocol.empty()) {
    Http2UpstreamLink::Settings settings(*link_);
    waits_for_settings_ = &settings;
    co_await settings;
    waits_for_settings_ = nullptr;
  }
  if (std::exchange(interrupted_[static_cast<std::size_t>(Side::write)], false)) co_return not_sent(Code::cancelled);
  // A connection that has come to its end offers nothing, but that can be had from another.
  const bool lacks_protocol = !head.protocol.empty() && !link_->offers_extended_connect();
  const bool is_connect = head.method == "CONNECT";
  if (lacks_protocol && link_->can_carry_on()) co_return not_sent(Code::unsupported);
  using Asked = Http2UpstreamStream::Asked;
  const Asked asked = is_connect ? Asked::connect : head.method == "HEAD" ? Asked::head : Asked::ordinary;
  const Http2RequestFields fields(head, content, link_->is_secure());
  stream_ = link_->submit(fields, asked, is_connect || !content.is_empty);
  if (stream_ == nullptr) co_return not_sent(Code::refused);
  has_place_ = false;
  link_->unreserve();
  co_return Result<void>{};
}

Task<Result<void>> Http2UpstreamExchange::write(Bytes bytes) {
  if (const Code code = check(Side::write); code != Code::ok) co_return failed(code);
  if (bytes.empty()) co_return Result<void>{};
  if (stream_->is_ended()) co_return failed(Code::internal);
  if (stream_->is_stopped()) co_return failed(Code::end);
  if (stream_->try_append(bytes)) co_return Result<void>{};
  is_writing_ = true;
  co_await stream_->deliver(bytes);
  is_writing_ = false;
  if (const Code code = check(Side::write); code != Code::ok) co_return failed(code);
  if (stream_->is_stopped()) co_return failed(Code::end);
  co_return Result<void>{};
}

Task<Result<void>> Http2UpstreamExchange::finish(const FieldList& trailers) {
  if (const Code code = check(Side::write); code != Code::ok) co_return failed(code);
  if (stream_->is_ended()) co_return Result<void>{};
  if (stream_->is_stopped()) co_return failed(Code::end);
  stream_->end(trailers);
  co_return Result<void>{};
}

Task<Result<UpstreamAnswer>> Http2UpstreamExchange::answer(Millis limit) {
  if (stream_ == nullptr) co_return failed(check(Side::read));
  Http2StreamState::Deadline deadline(*stream_);
  link_->worker().set_timer(deadline, limit);
  while (true) {
    const Code code = check(Side::read);
    if (code == Code::cancelled) co_return failed(code);
    if (stream_->has_answer()) co_return stream_->take_answer();  // it may have come ahead of a failure
    if (code != Code::ok) co_return failed(code);
    if (deadline.is_over) co_return failed(Code::timed_out);
    if (stream_->has_final_head()) co_return failed(Code::internal);
    co_await stream_->change(Side::read);
  }
}

Task<Result<Bytes>> Http2UpstreamExchange::read() {
  taken_.clear();
  if (stream_ == nullptr) co_return failed(check(Side::read));
  Http2StreamState::Deadline deadline(*stream_);
  while (true) {
    if (const Code code = check(Side::read); code != Code::ok) co_return failed(code);
    if (stream_->has_unread()) break;
    if (stream_->has_ended()) co_return Bytes{};
    if (deadline.is_over) co_return failed(Code::timed_out);
    // While the request goes on it is a conversation, which may have pauses.
    link_->worker().set_timer(deadline, stream_->is_ended() ? content_idle : link_->limits().tunnel_idle);
    co_await stream_->change(Side::read);
  }
  taken_ = stream_->take_all();
  co_return as_bytes(taken_);
}

Bytes Http2UpstreamExchange::read_arrived(std::size_t bytes_max) {
  taken_.clear();
  if (stream_ != nullptr && stream_->unread() <= bytes_max) taken_ = stream_->take_all();
  return as_bytes(taken_);
}

bool Http2UpstreamExchange::is_complete() const noexcept {
  return stream_ != nullptr && stream_->has_ended() && !stream_->has_unread();
}

const FieldList& Http2UpstreamExchange::trailers() const noexcept {
  static const FieldList none;
  return stream_ != nullptr ? stream_->trailers() : none;
}

void Http2UpstreamExchange::interrupt(Side side) noexcept {
  interrupted_[static_cast<std::size_t>(side)] = true;
  if (side == Side::write && waits_for_settings_ != nullptr) waits_for_settings_->give_up();
  if (stream_ == nullptr) return;
  if (side == Side::read) {
    stream_->wake(Side::read);
  } else if (is_writing_) {
    stream_->stop_sending();  // the bytes belong to whoever waited
  }
}

Wire Http2UpstreamExchange::take_wire() {
  stream_->become_tunnel();
  return Wire(std::make_unique<Http2Stream>(*std::exchange(stream_, nullptr), link_));
}

std::optional<std::uint32_t> Http2UpstreamExchange::reset_code() const noexcept {
  return stream_ != nullptr ? stream_->reset_code() : std::nullopt;
}

}  // namespace turnout
