#include "client/run.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <limits>

namespace turnout::client {
namespace {

Arguments to(std::string url, std::string upgrade = "") {
  Arguments arguments;
  arguments.url = std::move(url);
  arguments.upgrade = std::move(upgrade);
  return arguments;
}

std::string refusal(const Arguments& arguments) {
  const auto request = to_request(arguments);
  if (request) return "";
  EXPECT_EQ(request.error().exit, Exit::usage);
  return request.error().message;
}

TEST(ClientArguments, MakeARequest) {
  Arguments arguments = to("ws://[::1]:8101/echo");
  arguments.data = "hello";
  arguments.has_data = true;
  arguments.timeout_seconds = 1.5;
  const auto request = to_request(arguments);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->wants(Offer::Kind::websocket)) << "the scheme says so";
  EXPECT_EQ(*request->data, "hello");
  EXPECT_FALSE(request->data_is_binary);
  EXPECT_EQ(request->timeout, Millis(1500));
}

TEST(ClientArguments, AnEmptyBodyIsABody) {
  Arguments arguments = to("http://a/");
  EXPECT_EQ(to_request(arguments)->method(), "GET");
  arguments.has_data = true;
  EXPECT_EQ(to_request(arguments)->method(), "POST");
}

TEST(ClientArguments, AFileIsReadWhole) {
  const std::string name = testing::TempDir() + "turnout_client_arguments_test";
  const std::string bytes("\0\r\n\xff", 4);
  std::FILE* file = std::fopen(name.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fwrite(bytes.data(), 1, bytes.size(), file), bytes.size());
  std::fclose(file);
  Arguments arguments = to("http://a/");
  arguments.data = "@" + name;
  arguments.has_data = true;
  const auto request = to_request(arguments);
  std::remove(name.c_str());
  ASSERT_TRUE(request);
  EXPECT_EQ(*request->data, bytes);
  EXPECT_TRUE(request->data_is_binary);

  const auto missing = to_request(arguments);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().exit, Exit::output);
  EXPECT_NE(missing.error().message.find(name), std::string::npos) << missing.error().message;
}

TEST(ClientArguments, WhatMakesNoSenseIsToldWithAWayOut) {
  EXPECT_NE(refusal(to("http://a/", "spdy")).find("HTTP/2.0, h2c, TLS"), std::string::npos);
  EXPECT_NE(refusal(to("ws://a/", "h2c")).find("http://"), std::string::npos);
  EXPECT_NE(refusal(to("https://a/", "TLS")).find("http://"), std::string::npos);
  EXPECT_NE(refusal(to("https://a/", "h2c")).find("ALPN"), std::string::npos);
  EXPECT_NE(refusal(to("https://a/", "HTTP/2.0")).find("ALPN"), std::string::npos);
  EXPECT_EQ(refusal(to("https://a/", "websocket")), "");
  Arguments both = to("http://a/", "h2c");
  both.http2_prior_knowledge = true;
  EXPECT_NE(refusal(both).find("--upgrade"), std::string::npos);
  for (const double seconds : {0.0, -1.0, 86'401.0, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
    Arguments slow = to("http://a/");
    slow.timeout_seconds = seconds;
    EXPECT_NE(refusal(slow).find("--timeout"), std::string::npos) << seconds;
  }
}

}  // namespace
}  // namespace turnout::client
