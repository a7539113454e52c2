#include "proxy/health_probe.h"

#include "base/ascii.h"
#include "codec/http1/request_writer.h"
#include "codec/http1/response_parser.h"
#include "transport/interrupt_hook.h"

namespace turnout {
namespace {

constexpr int interim_answers_max = 16;  // a server could send 103s for ever

std::unexpected<ConnectError> malformed(std::string detail) {
  return std::unexpected(ConnectError{UpstreamError::http_protocol_error, std::move(detail)});
}

PooledString request_for(const UpstreamServer& server, const HealthCheck& check) {
  RequestHead head;
  head.method = "GET";
  head.target = check.path;
  head.authority = authority_of(server);
  head.fields.add("User-Agent", "turnout-health");
  head.fields.add("Accept", "*/*");
  PooledString out;
  (void)append_request_head(out, head, {.connection = "close"});
  return out;
}

}  // namespace

ConnectError probe_error(Code code) {
  switch (code) {
    case Code::cancelled: return {UpstreamError::cancelled, {}};
    case Code::timed_out: return {UpstreamError::http_response_timeout, {}};
    case Code::malformed: return {UpstreamError::http_protocol_error, {}};
    case Code::too_large: return {UpstreamError::http_response_header_section_size, {}};
    default: return {UpstreamError::http_response_incomplete, {}};
  }
}

bool is_healthy(const HealthCheck& check, int status) noexcept {
  return check.status ? status == *check.status : status >= 200 && status < 400;
}

Task<ProbeResult> probe_http1(Wire& wire, const UpstreamServer& server, const HealthCheck& check, Deadline deadline) {
  const PooledString request = request_for(server, check);
  if (request.empty()) {
    co_return std::unexpected(ConnectError{UpstreamError::proxy_configuration_error, "no request can be made of it"});
  }
  wire.expires_after(deadline.left());
  const Result<void> sent = co_await wire.write(std::string_view(request));
  if (!sent) co_return std::unexpected(probe_error(sent.error().code));

  const Limits limits;
  HeadScanner scanner(HeadScanner::Kind::response);
  for (int interim = 0; interim <= interim_answers_max;) {
    std::expected<std::size_t, HeadError> size = 0;
    if (!wire.peek().empty()) size = scanner.feed(wire.peek(), limits);
    if (!size) co_return malformed(std::string(size.error().what));
    if (*size == 0) {
      wire.expires_after(deadline.left());
      const Result<std::size_t> more = co_await wire.fill();
      if (!more) co_return std::unexpected(probe_error(more.error().code));
      if (*more == 0) co_return std::unexpected(probe_error(Code::end));
      continue;
    }
    const auto answer = parse_response(wire.peek().first(*size), limits, "GET");
    if (!answer) co_return malformed(std::string(answer.error().what));
    wire.consume(*size);
    if (!answer->interim()) co_return answer->head.status;
    ++interim;
  }
  co_return malformed("more interim answers (1xx) than anyone needs");
}

Task<ProbeResult> probe(Worker& worker, const Connector& connector, const UpstreamServer& server,
                        const HealthCheck& check, Cancellation* cancellation) {
  const Deadline deadline(worker, check.timeout);
  std::expected<Connected, ConnectError> connected =
      co_await connector.connect(worker, server, {.limit = check.timeout, .cancellation = cancellation});
  if (!connected) co_return std::unexpected(std::move(connected.error()));
  Wire& wire = connected->wire;
  const InterruptHook hook(cancellation, wire.stream());
  const bool http2 = speaks_http2(*connected, server);
  ProbeResult result = std::unexpected(ConnectError{});
  if (http2) {
    result = co_await probe_http2(wire, server, check, deadline);
  } else {
    result = co_await probe_http1(wire, server, check, deadline);
  }
  co_return result;
}

}  // namespace turnout
