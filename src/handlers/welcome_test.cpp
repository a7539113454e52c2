#include "handlers/welcome.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <array>

#include "codec/http/base64.h"
#include "tests/support/memory_server.h"

namespace turnout {
namespace {

class WelcomeTest : public testing::Test {
 protected:
  WelcomeTest() { server.site.add("/", std::make_unique<Welcome>()); }

  std::string ask(std::string_view bytes) {
    MemoryPeer client = server.connect();
    client.send(bytes);
    server.loop.run();
    return client.take();
  }

  MemoryServer server;
};

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string body_of(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

TEST_F(WelcomeTest, SaysHowItCame) {
  const std::string response = ask("GET / HTTP/1.1\r\nHost: Localhost:8101\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n")) << response;
  EXPECT_TRUE(holds(response, "\r\nCache-Control: no-store\r\n"));
  const std::string page = body_of(response);
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_TRUE(holds(page, "<b id=\"protocol\">HTTP/1.1</b> in cleartext</h1>")) << page;
  EXPECT_TRUE(holds(page, "<body data-scheme=\"http\" data-protocol=\"HTTP/1.1\">"));
  EXPECT_TRUE(holds(page, "turnout get http://localhost:8101/index.html --upgrade HTTP/2.0"));
  EXPECT_FALSE(holds(page, "{{")) << "something was not filled in";
  EXPECT_LT(page.size(), 12U * 1024);
}

TEST_F(WelcomeTest, WithoutAHostTheAddressStandsInForIt) {
  const std::string response = ask("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(holds(response, "<b id=\"protocol\">HTTP/1.0</b>"));
  EXPECT_TRUE(holds(response, "http://127.0.0.1:80/echo"));
}

TEST_F(WelcomeTest, AHostIsNoMarkup) {
  // Of what may stand in a host (RFC 3986 section 3.2.2) only the ampersand means something in HTML.
  const std::string response = ask("GET / HTTP/1.1\r\nHost: a&lt;b\r\n\r\n");
  EXPECT_TRUE(holds(response, "http://a&amp;lt;b/echo")) << response;
}

TEST_F(WelcomeTest, OnlyItsOwnScriptAndStyleRun) {
  const std::string response = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string page = body_of(response);
  for (const std::string name : {"script", "style"}) {
    const std::size_t start = page.find("<" + name + ">") + name.size() + 2;
    const std::string content = page.substr(start, page.find("</" + name + ">") - start);
    std::array<std::byte, 32> digest{};
    ASSERT_EQ(EVP_Digest(content.data(), content.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
                         EVP_sha256(), nullptr),
              1);
    const std::string allowed = name + "-src 'sha256-" + std::string(base64_encode(digest)) + "';";
    EXPECT_TRUE(holds(response, allowed)) << allowed << "\n" << response.substr(0, 600);
  }
  EXPECT_TRUE(holds(response, "\r\nContent-Security-Policy: default-src 'none'; "));
  for (const std::string_view outside : {"src=", " style=", "onclick=", "@import", "url("}) {
    EXPECT_FALSE(holds(page, outside)) << outside;
  }
}

TEST_F(WelcomeTest, HeadAndOtherMethods) {
  const std::string get = ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), get.substr(0, get.find("\r\n\r\n") + 4));
  EXPECT_TRUE(holds(ask("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
}

}  // namespace
}  // namespace turnout
