#include "codec/proxy_protocol/header.h"

#include <gtest/gtest.h>

#include <string>

namespace turnout {
namespace {

using Status = ProxyHeaderParse::Status;

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(std::uint8_t command, std::uint8_t family, const std::string& content) {
  std::string out = signature;
  out += static_cast<char>(command);
  out += static_cast<char>(family);
  out += static_cast<char>(content.size() >> 8);
  out += static_cast<char>(content.size() & 0xff);
  return out + content;
}

const std::string ipv4_content("\xc0\x00\x02\x01\xc6\x33\x64\x02\x1f\x90\x01\xbb", 12);

/// "source destination", "nobody", "malformed" or "incomplete".
std::string parsed(std::string_view bytes) {
  const ProxyHeaderParse parse = parse_proxy_header(as_bytes(bytes));
  if (parse.status == Status::malformed) return "malformed";
  if (parse.status == Status::incomplete) return "incomplete";
  EXPECT_LE(parse.bytes, bytes.size());
  if (!parse.connection) return "nobody";
  return text(parse.connection->source) + " " + text(parse.connection->destination);
}

TEST(ProxyHeader, Version1) {
  EXPECT_EQ(parsed("PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\nGET /"), "192.0.2.1:8080 198.51.100.2:443");
  EXPECT_EQ(parsed("PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n"), "[2001:db8::1]:0 [2001:db8::2]:65535");
  EXPECT_EQ(parsed("PROXY UNKNOWN\r\n"), "nobody");
  EXPECT_EQ(parsed("PROXY UNKNOWN ffff::1 whatever this is\r\n"), "nobody");
  const std::string header = "PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\n";
  EXPECT_EQ(parse_proxy_header(as_bytes(header + "GET /")).bytes, header.size());
}

TEST(ProxyHeader, Version2) {
  EXPECT_EQ(parsed(v2(0x21, 0x11, ipv4_content) + "GET /"), "192.0.2.1:8080 198.51.100.2:443");
  std::string ipv6_content = "\x20\x01\x0d\xb8" + std::string(11, '\0') + "\x01" + "\x20\x01\x0d\xb8" +
                             std::string(11, '\0') + "\x02" + "\x1f\x90\x01\xbb";
  ASSERT_EQ(ipv6_content.size(), 36U);
  EXPECT_EQ(parsed(v2(0x21, 0x21, ipv6_content)), "[2001:db8::1]:8080 [2001:db8::2]:443");
  EXPECT_EQ(parsed(v2(0x21, 0x31, std::string(216, 'a'))), "nobody");
  EXPECT_EQ(parsed(v2(0x21, 0x00, "")), "nobody");
  EXPECT_EQ(parsed(v2(0x20, 0x00, "")), "nobody");
  EXPECT_EQ(parsed(v2(0x20, 0x99, "\x01")), "nobody") << "LOCAL: the rest is skipped, whatever it is";
  const std::string tlvs("\x01\x00\x02h2\x04\x00\x00", 8);
  const std::string with_tlvs = v2(0x21, 0x11, ipv4_content + tlvs);
  EXPECT_EQ(parsed(with_tlvs), "192.0.2.1:8080 198.51.100.2:443");
  EXPECT_EQ(parse_proxy_header(as_bytes(with_tlvs + "x")).bytes, with_tlvs.size());
}

TEST(SEC_O7, ProxyHeadersCutAtEveryByteAreIncomplete) {
  const std::string tlv("\x01\x00\x02h2", 5);
  for (const std::string& header :
       {std::string("PROXY TCP4 192.0.2.1 198.51.100.2 8080 443\r\n"), std::string("PROXY UNKNOWN\r\n"),
        v2(0x21, 0x11, ipv4_content + tlv), v2(0x20, 0x00, "")}) {
    for (std::size_t n = 0; n < header.size(); ++n) EXPECT_EQ(parsed(header.substr(0, n)), "incomplete") << n;
    EXPECT_NE(parsed(header), "incomplete");
  }
}

TEST(SEC_O7, MalformedProxyHeaders) {
  for (const std::string_view bad : {"GET / HTTP/1.1\r\n",
                                     "proxy TCP4 ",
                                     "PROXY\r\n",
                                     "PROXY \r\n",
                                     "PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
                                     "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
                                     "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
                                     "PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
                                     "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
                                     "PROXY TCP4 ::1 ::1 1 2\r\n",
                                     "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
                                     "PROXY TCP6 ::1 1.2.3.4 1 2\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n\r\n",
                                     "PROXY TCP4 1.2.3.4 1.2.3.4 1\t2\r\n",
                                     "PROXY UNKNOWNX\r\n",
                                     "\r\n\r\nX"}) {
    EXPECT_EQ(parsed(bad), "malformed") << bad;
  }
  const std::string long_line = "PROXY UNKNOWN " + std::string(91, 'a');
  EXPECT_EQ(parsed(long_line + "\r\n"), "nobody") << "107 bytes";
  EXPECT_EQ(parsed(long_line + "a\r\n"), "malformed");
  EXPECT_EQ(parsed("PROXY UNKNOWN " + std::string(1000, 'a')), "malformed") << "nobody waits for its end";

  EXPECT_EQ(parsed(signature + '\x11'), "malformed") << "version 1 in the form of 2";
  EXPECT_EQ(parsed(signature + '\x22'), "malformed") << "no such command";
  EXPECT_EQ(parsed(v2(0x21, 0x11, ipv4_content.substr(1))), "malformed");
  EXPECT_EQ(parsed(v2(0x21, 0x12, ipv4_content)), "malformed") << "a datagram";
  EXPECT_EQ(parsed(v2(0x21, 0x10, ipv4_content)), "malformed");
  EXPECT_EQ(parsed(v2(0x21, 0x41, ipv4_content)), "malformed");
  EXPECT_EQ(parsed(v2(0x21, 0x31, std::string(215, 'a'))), "malformed");
  EXPECT_EQ(parsed(v2(0x21, 0x11, ipv4_content + "\x01")), "malformed") << "half a TLV";
  EXPECT_EQ(parsed(v2(0x21, 0x11, ipv4_content + std::string("\x01\x00\x02h", 4))), "malformed");
  const std::size_t rest = proxy_header_bytes_max - 16;
  EXPECT_EQ(parsed(v2(0x20, 0x00, std::string(rest, 'a'))), "nobody");
  EXPECT_EQ(parsed(signature + std::string("\x20\x00\x0f\xf1", 4)), "malformed") << "4097 bytes, refused at once";
}

TEST(ProxyHeader, WhatIsWrittenIsReadBack) {
  const auto connection = [](const char* source, const char* destination) {
    return ProxiedConnection{*parse_address(source), *parse_address(destination)};
  };
  for (const ProxiedConnection& each :
       {connection("192.0.2.1:8080", "198.51.100.2:443"), connection("[2001:db8::1]:1", "[2001:db8::2]:65535"),
        connection("192.0.2.1:0", "[2001:db8::2]:443"), connection("[2001:db8::1]:8080", "198.51.100.2:443")}) {
    PooledString v1_text;
    append_proxy_header_v1(v1_text, each);
    PooledString v2_text;
    append_proxy_header_v2(v2_text, each);
    EXPECT_EQ(parse_proxy_header(as_bytes(v1_text)).connection, each) << v1_text;
    EXPECT_EQ(parse_proxy_header(as_bytes(v2_text)).connection, each) << text(each.source);
    EXPECT_EQ(parse_proxy_header(as_bytes(v2_text)).bytes, v2_text.size());
  }
  PooledString nobody;
  append_proxy_header_v1(nobody, std::nullopt);
  EXPECT_EQ(nobody, "PROXY UNKNOWN\r\n");
  EXPECT_EQ(parsed(nobody), "nobody");
  nobody.clear();
  append_proxy_header_v2(nobody, std::nullopt);
  EXPECT_EQ(parsed(nobody), "nobody");
  PooledString exact;
  append_proxy_header_v2(exact, connection("192.0.2.1:8080", "198.51.100.2:443"));
  EXPECT_EQ(std::string(exact), v2(0x21, 0x11, ipv4_content));
}

}  // namespace
}  // namespace turnout
