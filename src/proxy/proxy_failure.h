// ProxyFailure: why a proxy has no answer to pass on, and the answer that says so: a status, and Proxy-Status with the
// error types of RFC 9209.
#pragma once

#include "base/error.h"
#include "base/why.h"
#include "proxy/connector.h"
#include "switching/upgrade.h"

namespace turnout {

struct ProxyFailure {
  UpstreamError error = UpstreamError::destination_unavailable;  // says the status as well
  Why why = Why::no_upstream;
};

/// Of a connection that could not be made.
ProxyFailure failure_of(const ConnectError& error) noexcept;
/// Of an operation on a connection to an upstream server that had been made.
ProxyFailure failure_of(Error error) noexcept;

/// 502, 503 or 504 with an explanation for a person. Breaks nothing off where an answer has begun: that is left to the
/// exchange, which is not finished then.
Task<void> answer_failure(Exchange& exchange, ProxyFailure failure);

/// The same as the refusal of an offer.
Refuse refuse_with(ProxyFailure failure);

}  // namespace turnout
