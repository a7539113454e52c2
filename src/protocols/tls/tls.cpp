#include "protocols/tls/tls.h"

#include "switching/registry.h"
#include "switching/session.h"
#include "transport/tls_stream.h"

namespace turnout {
namespace {

Why reason_of(Error error, const TlsStream& stream) {
  switch (error.code) {
    case Code::timed_out: return Why::handshake_timeout;
    case Code::draining: return Why::draining;
    case Code::malformed: return stream.why() != Why::none ? stream.why() : Why::tls_failed;
    default: return Why::peer_reset;
  }
}

}  // namespace

Tls::Tls(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}

Tls::Tls(std::shared_ptr<const TlsContext> context, TlsVersion version_max, OwnedRequest request)
    : context_(std::move(context)),
      request_(std::make_unique<OwnedRequest>(std::move(request))),
      version_max_(version_max) {}

Tls::~Tls() = default;

Task<Outcome> Tls::run(Wire wire, Session& session) {
  const bool upgraded = request_ != nullptr;
  // What lies unread in the wire stays below: it can only be read as TLS records (attack class T1).
  auto stream = std::make_unique<TlsStream>(std::move(wire), context_,
                                            TlsAccept{.upgraded = upgraded, .version_max = version_max_});
  TlsStream& tls = *stream;
  Wire inside(std::move(stream));
  session.use(tls);
  inside.expires_after(session.limits().tls_handshake);
  Result<TlsInfo> info = co_await tls.handshake();
  // A handshake that runs while the server stops may finish: an upgraded one owes the answer to its request.
  if (!info && info.error().code == Code::draining) info = co_await tls.handshake();
  if (!info) {
    const Why why = reason_of(info.error(), tls);
    session.record({.upgraded = upgraded, .failure = why});
    // The alert that says why is on its way (RFC 9112 section 9.8).
    inside.expires_after(session.limits().linger);
    const Result<void> ended = co_await inside.close_write();
    (void)ended;
    co_return Closed{why};
  }
  inside.expires_never();
  session.handshake_is_done();
  session.record({.version = info->version, .resumed = info->resumed, .upgraded = upgraded});
  session.set_secure();
  session.has_now_made(Switched::tls);
  std::optional<OwnedRequest> first;
  if (upgraded) first = std::move(*request_);
  const std::string_view alpn = info->alpn.empty() ? std::string_view("http/1.1") : info->alpn;
  auto successor = session.listener().registry->make_protocol(alpn, std::move(first));
  if (!successor) co_return Closed{Why::no_application_protocol};
  co_return Switch{std::move(successor), std::move(inside), info->alpn.empty() ? Why::detected : Why::alpn};
}

}  // namespace turnout
