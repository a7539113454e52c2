#include "proxy/http2_upstream.h"

#include "proxy/http2_upstream_exchange.h"
#include "proxy/http2_upstream_link.h"

namespace turnout {

Http2UpstreamConnection::Http2UpstreamConnection(Wire wire, const Limits& limits, Millis idle)
    : link_(std::make_shared<Http2UpstreamLink>(std::move(wire), limits, idle)) {}

Http2UpstreamConnection::~Http2UpstreamConnection() {
  link_->close();
}

Task<void> Http2UpstreamConnection::run() {
  return link_->run();
}

bool Http2UpstreamConnection::can_open() const noexcept {
  return link_->can_open();
}

std::size_t Http2UpstreamConnection::open_streams() const noexcept {
  return link_->open();
}

std::unique_ptr<UpstreamExchange> Http2UpstreamConnection::open() {
  return std::make_unique<Http2UpstreamExchange>(link_);
}

void Http2UpstreamConnection::close() {
  link_->close();
}

void Http2UpstreamConnection::abort() noexcept {
  link_->abort();
}

}  // namespace turnout
