#include "base/network.h"

#include <gtest/gtest.h>

#include <vector>

namespace turnout {
namespace {

bool contains(std::string_view network, std::string_view ip) {
  return parse_network(network).value().contains(parse_ip(ip).value());
}

TEST(Network, HoldsItsAddresses) {
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.0"));
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
}

TEST(Network, EveryIpv4AddressIsNotEveryAddress) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.7"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "203.0.113.7"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
}

TEST(Network, MappedAddressesAreIpv4) {
  EXPECT_TRUE(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
  EXPECT_EQ(parse_network("::ffff:192.0.2.0/120"), parse_network("192.0.2.0/24"));
}

TEST(Network, HasOneText) {
  EXPECT_EQ(text(*parse_network("192.0.2.0/24")), "192.0.2.0/24");
  EXPECT_EQ(text(*parse_network("192.0.2.7")), "192.0.2.7/32");
  EXPECT_EQ(text(*parse_network("2001:DB8::/32")), "2001:db8::/32");
  EXPECT_EQ(text(*parse_network("::1")), "::1/128");
}

TEST(Network, RefusesWhatIsNotExactlyANetwork) {
  for (std::string_view bad :
       {"", "/", "/8", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/024", "192.0.2.0/-1", "192.0.2.0/+8", "192.0.2.0/ 24",
        "192.0.2.1/24", "10/8", "2001:db8::/129", "2001:db8::1/32", "[2001:db8::]/32", "example.com/24",
        "192.0.2.0/24/24", "192.0.2.0/9999999999"}) {
    EXPECT_FALSE(parse_network(bad)) << bad;
  }
}

TEST(Network, ListsAreSearched) {
  const std::vector<Network> networks{*parse_network("192.0.2.0/24"), *parse_network("::1")};
  EXPECT_TRUE(contains(networks, *parse_ip("192.0.2.3")));
  EXPECT_TRUE(contains(networks, *parse_address("[::1]:99")));
  EXPECT_FALSE(contains(networks, *parse_ip("198.51.100.1")));
  EXPECT_FALSE(contains(std::vector<Network>{}, *parse_ip("::1")));
}

}  // namespace
}  // namespace turnout
