#include "protocols/http2/http2.h"

#include "protocols/http2/connection.h"

namespace turnout {

Http2::Http2() = default;

Http2::Http2(Http2Settings settings, OwnedRequest first_request) : upgrade_(std::make_unique<Http2Upgrade>()) {
  upgrade_->settings = std::move(settings);
  upgrade_->request = std::move(first_request);
}

Http2::~Http2() = default;

Task<Outcome> Http2::run(Wire wire, Session& session) {
  Http2Connection connection(std::move(wire), session);
  const Why why = co_await connection.run(std::move(upgrade_));
  co_return Closed{why};
}

std::unique_ptr<Protocol> make_http2(std::optional<OwnedRequest> first_request) {
  if (!first_request) return std::make_unique<Http2>();
  return std::make_unique<Http2>(Http2Settings(), std::move(*first_request));
}

}  // namespace turnout
