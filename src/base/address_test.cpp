#include "base/address.h"

#include <gtest/gtest.h>

namespace turnout {
namespace {

std::string round_trip(std::string_view input) {
  const std::optional<Address> address = parse_address(input);
  return address ? text(*address) : "refused";
}

TEST(Address, ReadsAndWritesBothVersions) {
  EXPECT_EQ(round_trip("127.0.0.1:8101"), "127.0.0.1:8101");
  EXPECT_EQ(round_trip("0.0.0.0:80"), "0.0.0.0:80");
  EXPECT_EQ(round_trip("255.255.255.255:65535"), "255.255.255.255:65535");
  EXPECT_EQ(round_trip("[::1]:8101"), "[::1]:8101");
  EXPECT_EQ(round_trip("[2001:DB8:0:0:0:0:0:1]:0"), "[2001:db8::1]:0");
}

TEST(Address, WithoutHostIsEveryAddress) {
  const std::optional<Address> address = parse_address(":8080");
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->is_any());
  EXPECT_EQ(text(*address), "[::]:8080");
}

TEST(Address, MappedIpv4HasOneSpelling) {
  EXPECT_EQ(round_trip("[::ffff:192.0.2.1]:80"), "192.0.2.1:80");
  EXPECT_EQ(parse_ip("::ffff:192.0.2.1"), parse_ip("192.0.2.1"));
}

TEST(Address, RefusesWhatIsNotExactlyAnAddress) {
  for (std::string_view bad : {"",
                               ":",
                               "80",
                               "127.0.0.1",
                               "127.0.0.1:",
                               "127.0.0.1:080",
                               "127.0.0.1:65536",
                               "127.0.0.1:+1",
                               "127.0.0.1:-1",
                               "127.0.0.1: 80",
                               " 127.0.0.1:80",
                               "127.0.0.1:80 ",
                               "127.1:80",
                               "127.0.0.01:80",
                               "0x7f.0.0.1:80",
                               "256.0.0.1:80",
                               "127.0.0.1.1:80",
                               "localhost:80",
                               "::1:80",
                               "::1",
                               "[::1]",
                               "[::1]80",
                               "[]:80",
                               "[::1:80",
                               "::1]:80",
                               "[127.0.0.1]:80",
                               "[fe80::1%eth0]:80",
                               "[1::2::3]:80",
                               "[12345::]:80",
                               "[:::]:80",
                               "99999999999:99999999999"}) {
    EXPECT_EQ(round_trip(bad), "refused") << bad;
  }
  EXPECT_FALSE(parse_ip(std::string_view("127.0.0.1\0x", 11)));
  EXPECT_FALSE(parse_ip(std::string(200, '1')));
}

TEST(Address, KnowsLoopbackAndAny) {
  EXPECT_TRUE(parse_ip("127.0.0.1")->is_loopback());
  EXPECT_TRUE(parse_ip("127.8.9.10")->is_loopback());
  EXPECT_TRUE(parse_ip("::1")->is_loopback());
  EXPECT_TRUE(parse_ip("::ffff:127.0.0.1")->is_loopback());
  EXPECT_FALSE(parse_ip("128.0.0.1")->is_loopback());
  EXPECT_FALSE(parse_ip("::2")->is_loopback());
  EXPECT_FALSE(parse_ip("::127.0.0.1")->is_loopback());
  EXPECT_TRUE(parse_ip("0.0.0.0")->is_any());
  EXPECT_TRUE(parse_ip("::")->is_any());
  EXPECT_FALSE(parse_ip("0.0.0.1")->is_any());
}

TEST(Address, LongestTextFits) {
  const std::optional<Address> address = parse_ip("1111:2222:3333:4444:5555:6666:7777:8888");
  ASSERT_TRUE(address);
  EXPECT_EQ(ip_text(*address), "1111:2222:3333:4444:5555:6666:7777:8888");
}

}  // namespace
}  // namespace turnout
