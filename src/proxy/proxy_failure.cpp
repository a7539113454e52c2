#include "proxy/proxy_failure.h"

#include "codec/http/explanation.h"
#include "switching/exchange.h"

namespace turnout {
namespace {

/// How soon it may be worth asking again, in seconds: about as long as a server is left out after its failures.
constexpr std::string_view retry_after = "10";

FieldList fields_of(ProxyFailure failure) {
  FieldList fields;
  PooledString value("turnout; error=");
  value.append(text(failure.error));
  fields.add("Proxy-Status", value);
  if (status(failure.error) == 503) fields.add("Retry-After", retry_after);
  return fields;
}

}  // namespace

ProxyFailure failure_of(const ConnectError& error) noexcept {
  return {error.error, Why::upstream_unreachable};
}

ProxyFailure failure_of(Error error) noexcept {
  switch (error.code) {
    case Code::timed_out: return {UpstreamError::http_response_timeout, Why::upstream_timeout};
    case Code::malformed: return {UpstreamError::http_protocol_error, Why::upstream_malformed};
    case Code::too_large: return {UpstreamError::http_response_header_section_size, Why::upstream_malformed};
    case Code::end: return {UpstreamError::connection_terminated, Why::upstream_closed};
    case Code::unsupported: return {UpstreamError::http_upgrade_failed, Why::switch_not_possible};
    case Code::refused: return {UpstreamError::connection_refused, Why::upstream_unreachable};
    case Code::reset: return {UpstreamError::connection_terminated, Why::upstream_reset};
    default: return {UpstreamError::proxy_internal_error, Why::internal};
  }
}

Task<void> answer_failure(Exchange& exchange, ProxyFailure failure) {
  exchange.set_reason(failure.why);
  if (exchange.has_started()) co_return;
  const int code = status(failure.error);
  ResponseHead head(code);
  head.fields = fields_of(failure);
  head.fields.add("Content-Type", "text/plain; charset=utf-8");
  const PooledString body = explanation(code, sentence(failure.why));
  (void)co_await exchange.respond(std::move(head), as_bytes(body));
}

Refuse refuse_with(ProxyFailure failure) {
  return {status(failure.error), failure.why, fields_of(failure)};
}

}  // namespace turnout
