#include "codec/http/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace turnout {
namespace {

using Source = ClientAddress::Source;

const std::vector<Network> trusted{*parse_network("10.0.0.0/8"), *parse_network("2001:db8:f::/48")};

FieldList fields(std::initializer_list<Field> list) {
  FieldList made;
  for (const Field field : list) made.add(field.name, field.value);
  return made;
}

/// As "SOURCE ADDRESS".
std::string client(const FieldList& list, const char* peer = "10.0.0.1") {
  const ClientAddress found = client_address(list, *parse_ip(peer), trusted);
  const char* source = found.source == Source::peer        ? "peer "
                       : found.source == Source::forwarded ? "forwarded "
                                                           : "unclear ";
  return source + ip_text(found.address);
}

std::string xff(std::string_view value) {
  return client(fields({{"X-Forwarded-For", value}}));
}
std::string forwarded(std::string_view value) {
  return client(fields({{"Forwarded", value}}));
}

TEST(SEC_O7, FieldsOfUntrustedPeersAreNotRead) {
  EXPECT_EQ(client(fields({{"X-Forwarded-For", "192.0.2.9"}, {"Forwarded", "for=192.0.2.9"}}), "198.51.100.1"),
            "peer 198.51.100.1");
  EXPECT_EQ(client(fields({{"X-Forwarded-For", "10.0.0.1"}}), "127.0.0.1"), "peer 127.0.0.1");
}

TEST(SEC_O7, TheNearestUntrustedHopIsTheClient) {
  EXPECT_EQ(client({}), "peer 10.0.0.1");
  EXPECT_EQ(xff("192.0.2.9"), "forwarded 192.0.2.9");
  EXPECT_EQ(xff("10.6.6.6, 203.0.113.5, 192.0.2.9, 10.0.0.2,10.0.0.3"), "forwarded 192.0.2.9")
      << "what is further to the left was sent by that client";
  EXPECT_EQ(xff("127.0.0.1, 192.0.2.9"), "forwarded 192.0.2.9");
  EXPECT_EQ(xff("junk, \"<script>, 192.0.2.9"), "forwarded 192.0.2.9") << "junk of a client does not hide it";
  EXPECT_EQ(client(fields({{"X-Forwarded-For", "203.0.113.5"}, {"x-forwarded-for", "192.0.2.9"}})),
            "forwarded 192.0.2.9");
  EXPECT_EQ(xff("10.0.0.7, 10.0.0.2"), "forwarded 10.0.0.7") << "all of them trusted: the first";
  EXPECT_EQ(xff(" , "), "peer 10.0.0.1");
}

TEST(SEC_O7, WhatATrustedProxyWritesButNobodyCanReadIsUnclear) {
  EXPECT_EQ(xff("192.0.2.9, unknown"), "unclear 10.0.0.1");
  EXPECT_EQ(xff("192.0.2.9, junk, 10.0.0.2"), "unclear 10.0.0.2");
  EXPECT_EQ(forwarded("for=_hidden"), "unclear 10.0.0.1");
  EXPECT_EQ(forwarded("proto=https"), "unclear 10.0.0.1") << "a hop that names nobody";
  for (const std::string_view bad :
       {"for", "for=", "for=\"192.0.2.9", "for=192.0.2.9;for=10.0.0.2", "for 192.0.2.9", "for=192.0.2.9 proto=http",
        "=192.0.2.9", "for=\"192.0.2.9\\", "for=192.0.2.9:80", "\", for=192.0.2.9"}) {
    EXPECT_EQ(forwarded(bad), "unclear 10.0.0.1") << bad;
  }
}

TEST(SEC_O7, XForwardedForComesBeforeForwarded) {
  EXPECT_EQ(client(fields({{"Forwarded", "for=10.9.9.9"}, {"X-Forwarded-For", "192.0.2.9"}})), "forwarded 192.0.2.9");
  EXPECT_EQ(client(fields({{"Forwarded", "\""}, {"X-Forwarded-For", "192.0.2.9"}})), "forwarded 192.0.2.9");
}

TEST(SEC_O7, LongChainsAreBounded) {
  std::string chain = "192.0.2.9";
  for (std::size_t i = 0; i + 1 < forwarded_hops_max; ++i) chain += ", 10.0.0.2";
  EXPECT_EQ(xff(chain), "forwarded 192.0.2.9");
  EXPECT_EQ(xff(chain + ", 10.0.0.2"), "unclear 10.0.0.2");
  EXPECT_EQ(xff(chain + ", 192.0.2.8"), "forwarded 192.0.2.8");
}

TEST(ClientAddress, FormsOfForwarded) {
  EXPECT_EQ(forwarded("for=192.0.2.9"), "forwarded 192.0.2.9");
  EXPECT_EQ(forwarded("For=\"[2001:db8:cafe::17]:4711\""), "forwarded 2001:db8:cafe::17");
  EXPECT_EQ(forwarded("for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com"),
            "forwarded 198.51.100.17");
  EXPECT_EQ(forwarded("proto=\"a, b; for=1.2.3.4\";for=192.0.2.9"), "forwarded 192.0.2.9");
  EXPECT_EQ(forwarded("host=\"a\\\"b\" ; for=\"192.0.2.9:80\";"), "forwarded 192.0.2.9");
  EXPECT_EQ(forwarded("for=192.0.2.9, , for=10.0.0.2 ,"), "forwarded 192.0.2.9");
  EXPECT_EQ(client(fields({{"Forwarded", "for=192.0.2.9"}, {"Forwarded", "for=10.0.0.2"}})), "forwarded 192.0.2.9");
}

TEST(ClientAddress, Nodes) {
  EXPECT_EQ(text(*parse_node("192.0.2.1")), "192.0.2.1:0");
  EXPECT_EQ(text(*parse_node("192.0.2.1:81")), "192.0.2.1:81");
  EXPECT_EQ(text(*parse_node("2001:db8::1")), "[2001:db8::1]:0");
  EXPECT_EQ(text(*parse_node("[2001:db8::1]")), "[2001:db8::1]:0");
  EXPECT_EQ(text(*parse_node("[2001:db8::1]:81")), "[2001:db8::1]:81");
  for (const std::string_view bad : {"", ":80", "[]", "[192.0.2.1]", "192.0.2.1:", "192.0.2.1:65536", "a", "[::1",
                                     "::1]", "[::1]80", "192.0.2.1 ", "192.0.2.01"}) {
    EXPECT_FALSE(parse_node(bad)) << bad;
  }
}

}  // namespace
}  // namespace turnout
