#include "codec/websocket/extensions.h"

#include <gtest/gtest.h>

namespace turnout::websocket {
namespace {

constexpr DeflatePolicy defaults;

std::optional<Deflate> chosen(std::string_view offers, const DeflatePolicy& policy = defaults) {
  const auto parsed = parse_extensions(offers);
  EXPECT_TRUE(parsed.has_value()) << offers;
  return parsed ? choose_deflate(*parsed, policy) : std::nullopt;
}

std::string answer_to(std::string_view offers, const DeflatePolicy& policy = defaults) {
  const auto deflate = chosen(offers, policy);
  return deflate ? to_answer(*deflate) : "";
}

TEST(WebSocketExtensions, GrammarAccepts) {
  for (std::string_view text : {
           "a",
           "a, b",
           "a,b",
           " a ;\tb ; c=d ,e",
           ",a,,b,",
           "a; b=\"c\"",
           "a; b=\"\\c\\d\"",
           "a; b = c",
           "permessage-deflate; client_max_window_bits",
       }) {
    EXPECT_TRUE(parse_extensions(text).has_value()) << text;
  }
  const auto parsed = parse_extensions("x; y=\"a\\bc\"; z, w;v=1");
  ASSERT_TRUE(parsed.has_value());
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ((*parsed)[0].name, "x");
  ASSERT_EQ((*parsed)[0].parameters.size(), 2U);
  EXPECT_EQ((*parsed)[0].parameters[0].name, "y");
  EXPECT_EQ((*parsed)[0].parameters[0].value, "abc");
  EXPECT_EQ((*parsed)[0].parameters[1].value, std::nullopt);
  EXPECT_EQ((*parsed)[1].parameters[0].value, "1");
}

TEST(SEC_W10, ExtensionGrammarRefuses) {
  for (std::string_view text : {
           "",
           " ",
           ",",
           ", ,",
           ";",
           "a;",
           "a; ",
           "a;;b",
           "a; =b",
           "a; b=",
           "a; b=,c",
           "a b",
           "a; b c",
           "a; b=c d",
           "a; b=\"\"",
           "a; b=\"c",
           "a; b=\"c\\",
           "a; b=\"c d\"",
           "a; b=\"c,d\"",
           "a; b=\"\\\"\"",
           "a; b=\"c\"d",
           "a/b",
           "a; b=c/d",
           "\"a\"",
           "a=b",
           "a;b=c=d",
           "\x80",
           "a\r\n",
           "a; b=\"\xC3\xA4\"",
       }) {
    EXPECT_FALSE(parse_extensions(text).has_value()) << text;
  }
}

TEST(WebSocketExtensions, TheServerAnswersWithWhatItWantsAndTheClientAllows) {
  EXPECT_EQ(answer_to("permessage-deflate"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(answer_to("permessage-deflate; client_max_window_bits"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12");
  EXPECT_EQ(answer_to("permessage-deflate; client_max_window_bits=10; server_max_window_bits=\"9\""),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
            "client_max_window_bits=10");
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=15"),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12");

  DeflatePolicy roomy;
  roomy.server_no_context_takeover = roomy.client_no_context_takeover = false;
  roomy.server_max_window_bits = roomy.client_max_window_bits = 15;
  EXPECT_EQ(answer_to("permessage-deflate; client_max_window_bits", roomy),
            "permessage-deflate; client_max_window_bits=15");
  EXPECT_EQ(answer_to("permessage-deflate; server_no_context_takeover; client_no_context_takeover", roomy),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=8; client_max_window_bits=8", roomy),
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits=8");

  DeflatePolicy off;
  off.enabled = false;
  EXPECT_EQ(answer_to("permessage-deflate", off), "");
}

TEST(WebSocketExtensions, WindowsThatWereNotNamedAreStillKnown) {
  const auto deflate = chosen("permessage-deflate");
  ASSERT_TRUE(deflate.has_value());
  EXPECT_EQ(deflate->client_max_window_bits, 15);  // the client may use all of it
  EXPECT_EQ(deflate->server_max_window_bits, 12);  // we need not
}

TEST(SEC_W5, BadOffersAreDeclinedAndTheNextIsTaken) {
  for (std::string_view parameters : {
           "unknown",
           "unknown=1",
           "server_no_context_takeover=1",
           "client_no_context_takeover=true",
           "server_no_context_takeover; server_no_context_takeover",
           "client_max_window_bits; client_max_window_bits",
           "client_no_context_takeover; client_no_context_takeover",
           "server_max_window_bits=10; server_max_window_bits=10",
           "server_max_window_bits",
           "server_max_window_bits=7",
           "server_max_window_bits=16",
           "server_max_window_bits=999",
           "server_max_window_bits=09",
           "server_max_window_bits=0",
           "server_max_window_bits=-9",
           "server_max_window_bits=1e1",
           "server_max_window_bits=10.0",
           "server_max_window_bits=4294967304",
           "client_max_window_bits=7",
           "client_max_window_bits=16",
           "client_max_window_bits=08",
           "client_max_window_bits=\"16\"",
           "SERVER_NO_CONTEXT_TAKEOVER",
       }) {
    const std::string offer = "permessage-deflate; " + std::string(parameters);
    EXPECT_EQ(answer_to(offer), "") << offer;
    EXPECT_EQ(answer_to(offer + ", x-other, permessage-deflate; server_max_window_bits=11"),
              "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11")
        << offer;
  }
  EXPECT_FALSE(parse_extensions("permessage-deflate; server_max_window_bits=\"\"").has_value());
  EXPECT_EQ(answer_to("x-webkit-deflate-frame"), "");
}

std::optional<Deflate> agreed(std::string_view answer, const DeflatePolicy& policy = defaults) {
  const auto parsed = parse_extensions(answer);
  return parsed ? check_deflate_answer(*parsed, policy) : std::nullopt;
}

TEST(WebSocketExtensions, TheClientTakesEveryAnswerThatFitsItsOffer) {
  EXPECT_EQ(to_offer(defaults),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits");
  const auto deflate = agreed("permessage-deflate; server_no_context_takeover; client_max_window_bits=10");
  ASSERT_TRUE(deflate.has_value());
  EXPECT_TRUE(deflate->server_no_context_takeover);
  EXPECT_TRUE(deflate->client_no_context_takeover);  // kept although the answer did not ask for it
  EXPECT_EQ(deflate->client_max_window_bits, 10);
  EXPECT_EQ(deflate->server_max_window_bits, 15);

  DeflatePolicy roomy;
  roomy.server_no_context_takeover = roomy.client_no_context_takeover = false;
  roomy.client_max_window_bits = 15;
  EXPECT_TRUE(agreed("permessage-deflate", roomy).has_value());
  // RFC 7692 section 7.1.1.1: the server may add this without having been asked.
  EXPECT_TRUE(agreed("permessage-deflate; server_no_context_takeover", roomy)->server_no_context_takeover);
  EXPECT_TRUE(agreed("permessage-deflate; client_no_context_takeover", roomy)->client_no_context_takeover);
}

TEST(SEC_W5, TheClientRefusesAnswersThatDoNotFit) {
  for (std::string_view answer : {
           "x-other",
           "permessage-deflate",  // server_no_context_takeover was asked for
           "permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover",
           "permessage-deflate; server_no_context_takeover, x-other",
           "permessage-deflate; server_no_context_takeover; unknown",
           "permessage-deflate; server_no_context_takeover=1",
           "permessage-deflate; server_no_context_takeover; client_max_window_bits",
           "permessage-deflate; server_no_context_takeover; client_max_window_bits=7",
           "permessage-deflate; server_no_context_takeover; client_max_window_bits=16",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits=7",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits=16",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits=999",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits=09",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits=\"\"",
           "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; server_max_window_bits=9",
       }) {
    EXPECT_FALSE(agreed(answer).has_value()) << answer;
  }
  DeflatePolicy off;
  off.enabled = false;
  EXPECT_FALSE(agreed("permessage-deflate; server_no_context_takeover", off).has_value());
}

TEST(WebSocketExtensions, BothSidesAgree) {
  for (bool server_context : {false, true}) {
    for (bool client_context : {false, true}) {
      for (std::uint8_t bits = 8; bits <= 15; ++bits) {
        DeflatePolicy policy;
        policy.server_no_context_takeover = !server_context;
        policy.client_no_context_takeover = !client_context;
        policy.server_max_window_bits = policy.client_max_window_bits = bits;
        const auto server = chosen(to_offer(policy), policy);
        ASSERT_TRUE(server.has_value());
        const auto client = agreed(to_answer(*server), policy);
        ASSERT_TRUE(client.has_value());
        EXPECT_EQ(client->server_no_context_takeover, server->server_no_context_takeover);
        EXPECT_EQ(client->client_no_context_takeover, server->client_no_context_takeover);
        EXPECT_EQ(client->client_max_window_bits, server->client_max_window_bits);
        EXPECT_GE(client->server_max_window_bits, server->server_max_window_bits);
      }
    }
  }
}

}  // namespace
}  // namespace turnout::websocket
