#include "proxy/upstream_error.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

TEST(UpstreamError, HasTheNamesAndStatusOfProxyStatus) {
  EXPECT_EQ(text(UpstreamError::dns_timeout), "dns_timeout");
  EXPECT_EQ(status(UpstreamError::dns_timeout), 504);
  EXPECT_EQ(text(UpstreamError::connection_refused), "connection_refused");
  EXPECT_EQ(status(UpstreamError::connection_refused), 502);
  EXPECT_EQ(status(UpstreamError::destination_unavailable), 503);
  EXPECT_EQ(text(UpstreamError::tls_certificate_error), "tls_certificate_error");
}

}  // namespace
}  // namespace turnout
