#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/config_text.h"

namespace turnout {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "turnout-config-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

/// Of a table that has one route with this line in it besides its handler.
std::vector<std::string> route_problems(const std::string& line) {
  return problems("[[route]]\n" + line + "\nrespond = {}\n");
}

// ===== What is understood =====

TEST(Config, EmptyIsAllDefaults) {
  const Config config = loaded("");
  EXPECT_TRUE(config.listeners.empty());
  EXPECT_TRUE(config.routes.empty());
  EXPECT_TRUE(config.trusted_proxies.empty());
  EXPECT_EQ(config.workers, 0U);
  EXPECT_FALSE(config.access_log);
  EXPECT_EQ(config.limits, Limits());
  EXPECT_TRUE(config.websocket.compression);
  EXPECT_EQ(config.websocket.compression_level, 1);
  EXPECT_EQ(config.file, "test.toml");
}

TEST(Config, Listeners) {
  const TemporaryFolder folder;
  folder.write("a.pem", "");
  const std::string key = folder.write("a.key", "");
  const Config config = loaded(
      "[[listener]]\naddress = \"0.0.0.0:80\"\ntls_upgrade = \"compatible\"\n"
      "tls = [{ certificate = \"a.pem\", key = \"" +
          key +
          "\" }]\n"
          "[[listener]]\naddress = \"[::1]:8443\"\ntls = [{ certificate = \"a.pem\", key = \"a.key\" }]\n"
          "[[listener]]\naddress = \":0\"\nlenient_upgrade = true\naccept_opossum_risk = true\n"
          "tls_upgrade = \"off\"\n"
          "[[listener]]\naddress = \":0\"\n",
      folder.file("turnout.toml"));
  ASSERT_EQ(config.listeners.size(), 4U);
  EXPECT_EQ(text(config.listeners[0].address), "0.0.0.0:80");
  EXPECT_EQ(config.listeners[0].tls_upgrade, TlsUpgrade::compatible);
  EXPECT_FALSE(config.listeners[0].is_https());
  ASSERT_EQ(config.listeners[0].tls.size(), 1U);
  EXPECT_EQ(config.listeners[0].tls[0].certificate, folder.file("a.pem")) << "relative to the folder of the file";
  EXPECT_EQ(config.listeners[0].tls[0].key, key);
  EXPECT_EQ(config.listeners[0].position, (SourcePosition{1, 1}));
  EXPECT_EQ(config.listeners[0].tls[0].position, (SourcePosition{4, 8}));
  EXPECT_TRUE(config.listeners[1].is_https());
  EXPECT_EQ(config.listeners[1].position.line, 5U);
  EXPECT_FALSE(config.listeners[2].is_https());
  EXPECT_TRUE(config.listeners[2].lenient_upgrade);
  EXPECT_TRUE(config.listeners[2].accept_opossum_risk);
  EXPECT_TRUE(config.listeners[2].address.is_any());
}

TEST(Config, Routes) {
  const Config config = loaded(R"(
[[route]]
match = { host = "Example.com", path = "/docs/**", method = ["GET", "HEAD"] }
files = { root = "/srv/docs" }
require_tls = true

[[route]]
respond = { status = 404, body = "gone", content_type = "text/html", fields = { X-A = "1", X-B = ["2", "3"] } }
match = { host = ["a.example", "*.b.example"], method = "GET" }

[[route]]
match = { path = "/old" }
redirect = { to = "https://example.com/new", status = 308 }

[[route]]
match = { path = "/echo" }
echo = {}
origins = ["https://Example.com:443", "null"]

[[route]]
match = { path = "/quiet" }
echo = {}
switch = []
origins = "any"

[[route]]
match = { path = "/other" }
respond = {}
switch = ["WebSocket", "tcp/1"]
)");
  ASSERT_EQ(config.routes.size(), 6U);
  const RouteConfig& docs = config.routes[0];
  EXPECT_THAT(docs.match.hosts, ElementsAre("example.com"));
  EXPECT_EQ(docs.match.path, "/docs/**");
  EXPECT_THAT(docs.match.methods, ElementsAre("GET", "HEAD"));
  EXPECT_EQ(std::get<FilesConfig>(docs.handler).root, "/srv/docs");
  EXPECT_EQ(std::get<FilesConfig>(docs.handler).prefix, "/docs");
  EXPECT_TRUE(docs.require_tls);
  EXPECT_TRUE(docs.switch_tokens.empty());
  EXPECT_EQ(docs.origins.kind, OriginPolicy::Kind::same);
  EXPECT_EQ(docs.position, (SourcePosition{2, 1}));

  const auto& respond = std::get<RespondConfig>(config.routes[1].handler);
  EXPECT_EQ(respond.status, 404);
  EXPECT_EQ(respond.body, "gone");
  EXPECT_EQ(respond.content_type, "text/html");
  EXPECT_THAT(respond.fields,
              ElementsAre(testing::Pair("X-A", "1"), testing::Pair("X-B", "2"), testing::Pair("X-B", "3")));
  EXPECT_THAT(config.routes[1].match.hosts, ElementsAre("a.example", "*.b.example"));
  EXPECT_EQ(config.routes[1].match.path, "/**");

  EXPECT_EQ(std::get<RedirectConfig>(config.routes[2].handler).to, "https://example.com/new");
  EXPECT_EQ(std::get<RedirectConfig>(config.routes[2].handler).status, 308);

  EXPECT_TRUE(std::holds_alternative<EchoConfig>(config.routes[3].handler));
  EXPECT_THAT(config.routes[3].switch_tokens, ElementsAre("websocket"));
  EXPECT_EQ(config.routes[3].origins.kind, OriginPolicy::Kind::listed);
  EXPECT_THAT(config.routes[3].origins.listed, ElementsAre("https://example.com", "null"));

  EXPECT_TRUE(config.routes[4].switch_tokens.empty());
  EXPECT_EQ(config.routes[4].origins.kind, OriginPolicy::Kind::any);
  EXPECT_THAT(config.routes[5].switch_tokens, ElementsAre("websocket", "tcp/1"));
}

TEST(Config, FilesLoseWhatThePatternFixes) {
  const auto prefix = [](const std::string& path) {
    const Config config = loaded("[[route]]\nmatch = { path = \"" + path + "\" }\nfiles = { root = \".\" }\n");
    return std::get<FilesConfig>(config.routes.at(0).handler).prefix;
  };
  EXPECT_EQ(prefix("/**"), "");
  EXPECT_EQ(prefix("/docs/**"), "/docs");
  EXPECT_EQ(prefix("/a/b/c*/**"), "/a/b");
  EXPECT_EQ(prefix("/favicon.ico"), "");
  EXPECT_EQ(prefix("/img/logo.png"), "/img");
  EXPECT_EQ(prefix("/img/"), "/img");
}

TEST(Config, TheRest) {
  const Config config = loaded(
      "workers = 2\ndrain = \"250ms\"\ntrusted_proxies = [\"192.0.2.0/24\", \"::1\"]\n"
      "access_log = { file = \"logs/access.log\", format = \"json\" }\n"
      "[websocket]\ncompression = false\nmessage_bytes_max = \"1MiB\"\n"
      "[limits]\nheader_deadline = \"2s\"\nhead_bytes_max = \"32KiB\"\nfields_max = 50\nstreams_max = 7\n"
      "stream_window_bytes = 70000\n",
      "/etc/turnout/turnout.toml");
  EXPECT_EQ(config.workers, 2U);
  EXPECT_EQ(config.limits.drain, Millis(250));
  ASSERT_EQ(config.trusted_proxies.size(), 2U);
  EXPECT_EQ(text(config.trusted_proxies[0]), "192.0.2.0/24");
  EXPECT_EQ(config.access_log->file, "/etc/turnout/logs/access.log");
  EXPECT_EQ(config.access_log->format, LogFormat::json);
  EXPECT_FALSE(config.websocket.compression);
  Limits expected;
  expected.drain = Millis(250);
  expected.message_bytes_max = 1024 * 1024;
  expected.header_deadline = Millis(2000);
  expected.head_bytes_max = 32 * 1024;
  expected.fields_max = 50;
  expected.streams_max = 7;
  expected.stream_window_bytes = 70'000;
  EXPECT_EQ(config.limits, expected);
  EXPECT_EQ(loaded("access_log = { file = \"-\" }").access_log->file, "-");
}

TEST(Config, TheLevelOfCompression) {
  EXPECT_EQ(loaded("[websocket]\ncompression_level = 9\n").websocket.compression_level, 9);
  EXPECT_THAT(problems("[websocket]\ncompression_level = 0\n"), ElementsAre(HasSubstr("between 1 and 9")));
  EXPECT_THAT(problems("[websocket]\ncompression_level = 10\n"), ElementsAre(HasSubstr("between 1 and 9")));
  EXPECT_THAT(problems("[websocket]\ncompression = false\ncompression_level = 3\n"),
              ElementsAre(HasSubstr("needs compression = true")));
}

// ===== What is wrong =====

TEST(Config, UnknownKeysComeWithTheirPlaceAndASuggestion) {
  EXPECT_THAT(problems("wrokers = 1"), ElementsAre("1:1: unknown key \"wrokers\"; did you mean \"workers\"?"));
  EXPECT_THAT(problems("\n  listner = 1"), ElementsAre("2:3: unknown key \"listner\"; did you mean \"listener\"?"));
  EXPECT_THAT(problems("[[listener]]\naddress = \":80\"\nlenient-upgrade = true"),
              ElementsAre("3:1: unknown key \"lenient-upgrade\"; did you mean \"lenient_upgrade\"?"));
  EXPECT_THAT(route_problems("match = { paht = \"/\" }"),
              ElementsAre("2:11: unknown key \"paht\"; did you mean \"path\"?"));
  EXPECT_THAT(problems("[websocket]\nxyzzy = 1"),
              ElementsAre("2:1: unknown key \"xyzzy\"; known here: compression, compression_level, message_bytes_max"));
  EXPECT_THAT(problems("[limits]\nheaders_deadline = \"1s\"\n"),
              ElementsAre("2:1: unknown key \"headers_deadline\"; did you mean \"header_deadline\"?"));
  EXPECT_THAT(problems("\"a\\nb\\u001b\" = 1"), ElementsAre(HasSubstr("unknown key \"a?b?\";")));
  EXPECT_EQ(problems(std::string(5000, 'a') + " = 1").size(), 1U);
}

TEST(Config, AllMistakesAreReportedInTheOrderOfTheFile) {
  EXPECT_THAT(
      problems("[[route]]\nmatch = { path = \"x\" }\n[[listener]]\naddress = 80\nbogus = 1\n[limits]\nlinger = 2\n"),
      ElementsAre(
          "1:1: a route has exactly one of files, respond, redirect, echo, proxy and connect; this one has none",
          "2:18: \"x\": a path begins with '/'", "4:11: \"address\" is a string, not an integer",
          HasSubstr("5:1: unknown key \"bogus\""),
          "7:10: \"linger\" is a duration with its unit, as \"250ms\", \"5s\", \"10m\" or \"1h\""));
}

TEST(Config, SyntaxErrorsHaveTheirPlace) {
  EXPECT_THAT(problems("workers = 1\nworkers = 2\n"), ElementsAre(HasSubstr("2:")));
  EXPECT_THAT(problems("workers = \n"), ElementsAre(HasSubstr("1:")));
  EXPECT_THAT(problems("[[listener]\n"), ElementsAre(HasSubstr("1:")));
  EXPECT_THAT(problems("a = \"\xff\"\n"), ElementsAre(HasSubstr("1:")));
  EXPECT_EQ(problems(std::string("workers = 1\n\0", 13)).size(), 1U);
  EXPECT_EQ(problems("a = " + std::string(100'000, '[')).size(), 1U);
}

TEST(Config, WrongTypes) {
  EXPECT_THAT(problems("workers = \"2\""), ElementsAre("1:11: \"workers\" is an integer, not a string"));
  EXPECT_THAT(problems("workers = -1"), ElementsAre("1:11: \"workers\" is between 0 and 1024"));
  EXPECT_THAT(problems("workers = 2.5"), ElementsAre("1:11: \"workers\" is an integer, not a number with a fraction"));
  EXPECT_THAT(problems("drain = 5"), ElementsAre(HasSubstr("1:9: \"drain\" is a duration with its unit")));
  EXPECT_THAT(problems("[listener]\naddress = \":80\""),
              ElementsAre("1:1: \"listener\" is a list of tables, written as [[listener]]"));
  EXPECT_THAT(problems("listener = [1]"),
              ElementsAre("1:13: \"listener\" is a list of tables, written as [[listener]]"));
  EXPECT_THAT(problems("limits = 1"), ElementsAre("1:10: \"limits\" is a table, not an integer"));
  EXPECT_THAT(problems("trusted_proxies = \"::1\""),
              ElementsAre("1:19: \"trusted_proxies\" is an array of strings, not a string"));
  EXPECT_THAT(problems("trusted_proxies = [1]"),
              ElementsAre("1:20: \"trusted_proxies\" is an array of strings, not an integer"));
  EXPECT_THAT(route_problems("require_tls = 1"), ElementsAre("2:15: \"require_tls\" is true or false, not an integer"));
  EXPECT_THAT(problems("[[route]]\necho = true"), ElementsAre("2:8: \"echo\" is a table, not a boolean"));
  EXPECT_THAT(problems("[[route]]\nmatch = 1979-05-27\nrespond = {}"),
              ElementsAre("2:9: \"match\" is a table, not a date or time"));
}

TEST(Config, BadListeners) {
  EXPECT_THAT(problems("[[listener]]\n"), ElementsAre("1:1: a listener needs its address: address = \"0.0.0.0:80\""));
  EXPECT_THAT(problems("[[listener]]\naddress = \"localhost:80\""),
              ElementsAre(HasSubstr("2:11: \"localhost:80\" is not an address and port")));
  EXPECT_THAT(problems("[[listener]]\naddress = \"[::1]:80\"\n[[listener]]\naddress = \"[0::1]:80\""),
              ElementsAre("4:11: the listener in line 1 has \"[::1]:80\" already"));
  EXPECT_THAT(problems("[[listener]]\naddress = \":80\"\ntls_upgrade = \"compatible\""),
              ElementsAre(HasSubstr("3:15: \"tls_upgrade\" needs a certificate")));
  EXPECT_THAT(problems("[[listener]]\naddress = \":80\"\ntls_upgrade = \"Compatible\""),
              ElementsAre("3:15: \"tls_upgrade\" is not \"Compatible\"; did you mean \"compatible\"?"));
}

TEST(Config, MissingCertificatesAreNamedWithARemedy) {
  const TemporaryFolder folder;
  folder.write("a.key", "");
  std::filesystem::create_directory(folder.file("folder.pem"));
  const auto wrong =
      problems("[[listener]]\naddress = \":443\"\ntls = [{ certificate = \"a.pem\", key = \"a.key\" }]\n",
               folder.file("turnout.toml"));
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_THAT(wrong[0], HasSubstr("3:24: cannot read \"" + folder.file("a.pem") + "\" (No such file or directory); "));
  EXPECT_THAT(wrong[0], HasSubstr("openssl req -x509"));
  EXPECT_THAT(problems("[[listener]]\naddress = \":443\"\ntls = [{ certificate = \"folder.pem\", key = \"a.key\" }]\n",
                       folder.file("turnout.toml")),
              ElementsAre(HasSubstr("(Is a directory)")));
  EXPECT_THAT(problems("[[listener]]\naddress = \":443\"\ntls = [{ key = \"a.key\" }]\n", folder.file("turnout.toml")),
              ElementsAre("3:8: \"tls\" needs both certificate and key; \"certificate\" is missing"));
  EXPECT_THAT(problems("[[listener]]\naddress = \":443\"\ntls = []\n"),
              ElementsAre(HasSubstr("3:7: \"tls\" is empty")));
}

TEST(Config, BadHandlers) {
  EXPECT_THAT(problems("[[route]]\nmatch = {}\n"), ElementsAre(HasSubstr("this one has none")));
  EXPECT_THAT(problems("[[route]]\nrespond = {}\necho = {}\n"), ElementsAre(HasSubstr("1:1: a route has exactly one")));
  EXPECT_THAT(problems("[[route]]\nfiles = {}\n"), ElementsAre(HasSubstr("2:9: files needs the folder to serve")));
  EXPECT_THAT(problems("[[route]]\nfiles = { root = \"\" }\n"), ElementsAre(HasSubstr("\"root\" is not empty")));
  EXPECT_THAT(problems("[[route]]\nfiles = { root = \"/dev/null\" }\n"),
              ElementsAre(HasSubstr("\"root\" is a folder")));
  EXPECT_THAT(problems("[[route]]\nfiles = { root = \"/nowhere/yet\" }\n"), ElementsAre());
  EXPECT_THAT(problems("[[route]]\nrespond = { status = 101 }\n"),
              ElementsAre("2:22: \"status\" is between 200 and 599"));
  EXPECT_THAT(problems("[[route]]\nrespond = { status = 204, body = \"x\" }\n"), ElementsAre(HasSubstr("has no body")));
  EXPECT_THAT(problems("[[route]]\nrespond = { content_type = \"a\\r\\nb\" }\n"),
              ElementsAre(HasSubstr("is a media type")));
  EXPECT_THAT(problems("[[route]]\nredirect = {}\n"), ElementsAre(HasSubstr("redirect needs its target")));
  EXPECT_THAT(problems("[[route]]\nredirect = { to = \"example.com\" }\n"),
              ElementsAre(HasSubstr("is a URL or a path")));
  EXPECT_THAT(problems("[[route]]\nredirect = { to = \"/a\\r\\nX: y\" }\n"),
              ElementsAre(HasSubstr("is a URL or a path")));
  EXPECT_THAT(problems("[[route]]\nredirect = { to = \"/a\", status = 304 }\n"), ElementsAre(HasSubstr("308")));
  EXPECT_THAT(problems("[[route]]\necho = { x = 1 }\n"), ElementsAre(HasSubstr("2:10: unknown key \"x\"")));
}

TEST(Config, FieldsCannotSplitAnAnswer) {
  for (std::string_view field :
       {"Content-Length = \"1\"", "transfer-encoding = \"chunked\"", "Connection = \"close\"", "Upgrade = \"x\"",
        "Date = \"x\"", "Content-Type = \"x\"", "\"A B\" = \"x\"", "\"\" = \"x\"", "X = \"a\\r\\nb\"",
        "X = \"a\\u0000b\"", "X = \" a\"", "X = \"\xc3\xa4\"", "X = 1", "X = [1]"}) {
    EXPECT_EQ(problems("[[route]]\nrespond = { fields = { " + std::string(field) + " } }\n").size(), 1U) << field;
  }
}

TEST(Config, BadMatches) {
  EXPECT_THAT(route_problems("match = { host = \"\" }"), ElementsAre(HasSubstr("2:18: \"\": a host is not empty")));
  EXPECT_THAT(route_problems("match = { host = \"a:80\" }"), ElementsAre(HasSubstr("neither scheme nor port")));
  EXPECT_THAT(route_problems("match = { host = [] }"), ElementsAre(HasSubstr("\"host\" is not empty")));
  EXPECT_THAT(route_problems("match = { path = \"/a**\" }"), ElementsAre(HasSubstr("'**' is a whole segment")));
  EXPECT_THAT(route_problems("match = { path = [\"/a\"] }"), ElementsAre(HasSubstr("is a string, not an array")));
  EXPECT_THAT(route_problems("match = { method = \"get\" }"),
              ElementsAre("2:20: \"get\": methods are written in capitals: \"GET\""));
  EXPECT_THAT(route_problems("match = { method = [\"GET\", \"G T\"] }"), ElementsAre(HasSubstr("2:28: \"G T\"")));
  EXPECT_THAT(route_problems("match = { method = [] }"), ElementsAre(HasSubstr("\"method\" is not empty")));
  EXPECT_THAT(route_problems("match = { method = \"CONNECT\" }"), ElementsAre(HasSubstr("extended CONNECT")));
  EXPECT_THAT(route_problems("origins = \"https://example.com\""), ElementsAre(HasSubstr("is \"any\" or an array")));
  EXPECT_THAT(route_problems("origins = [\"example.com\"]"), ElementsAre(HasSubstr("2:12: \"example.com\"")));
  EXPECT_THAT(route_problems("switch = [\"web socket\"]"), ElementsAre(HasSubstr("is not a protocol name")));
  EXPECT_THAT(route_problems("switch = [\"a/\"]"), ElementsAre(HasSubstr("is not a protocol name")));
}

TEST(Config, DuplicateRoutes) {
  const std::string_view end = "respond = {}\n";
  const auto both = [&](std::string_view one, std::string_view other) {
    return problems("[[route]]\nmatch = " + std::string(one) + "\n" + std::string(end) +
                    "[[route]]\nmatch = " + std::string(other) + "\n" + std::string(end));
  };
  const auto duplicate = ElementsAre(HasSubstr("4:1: the route in line 1 is for the same host, path and method"));
  EXPECT_THAT(both("{}", "{}"), duplicate);
  EXPECT_THAT(both("{ path = \"/**\" }", "{}"), duplicate);
  EXPECT_THAT(both("{ path = \"/a\" }", "{ path = \"/%61\" }"), duplicate);
  EXPECT_THAT(both("{ host = [\"a\", \"b\"] }", "{ host = [\"c\", \"B\"] }"), duplicate);
  EXPECT_THAT(both("{ method = [\"GET\", \"POST\"] }", "{ method = \"POST\" }"), duplicate);
  EXPECT_THAT(both("{ method = \"GET\" }", "{ method = \"POST\" }"), ElementsAre());
  EXPECT_THAT(both("{ method = \"GET\" }", "{}"), ElementsAre());
  EXPECT_THAT(both("{ host = \"a\" }", "{}"), ElementsAre());
  EXPECT_THAT(both("{ path = \"/a/*\" }", "{ path = \"/a/%2a\" }"), ElementsAre());
}

TEST(LAW_L5, RoutesCannotListWhatIsBetweenNeighbours) {
  for (std::string_view token : {"h2c", "H2C", "h2", "HTTP/2.0", "http/1.1", "HTTP", "TLS/1.2", "tls", "TLS/1.3"}) {
    EXPECT_THAT(route_problems("switch = [\"websocket\", \"" + std::string(token) + "\"]"),
                ElementsAre(HasSubstr("2:24: \"" + std::string(token) + "\" cannot be a matter of a route")));
  }
  EXPECT_THAT(route_problems("match = { method = \"PRI\" }"), ElementsAre(HasSubstr("never a method")));
}

TEST(Config, BadNetworksAndLogs) {
  EXPECT_THAT(problems("trusted_proxies = [\"192.0.2.1/24\", \"::1\", \"x\"]"),
              ElementsAre(HasSubstr("1:20: \"192.0.2.1/24\" is not a network"), HasSubstr("1:43: \"x\"")));
  EXPECT_THAT(problems("access_log = { file = \"\" }"), ElementsAre(HasSubstr("\"file\" is not empty")));
  EXPECT_THAT(problems("access_log = { format = \"json\" }"),
              ElementsAre(HasSubstr("1:14: access_log needs its file")));
  EXPECT_THAT(problems("access_log = { file = \"-\", format = \"csv\" }"),
              ElementsAre("1:37: \"format\" is not \"csv\"; known here: w3c, json"));
}

TEST(Config, LimitsHaveBounds) {
  EXPECT_THAT(problems("[limits]\nhead_bytes_max = \"1GiB\""),
              ElementsAre("2:18: \"head_bytes_max\" is between 1KiB and 1MiB"));
  EXPECT_THAT(problems("[limits]\nhead_bytes_max = -1"), ElementsAre(HasSubstr("is a size in bytes")));
  EXPECT_THAT(problems("[limits]\nhead_bytes_max = \"16KB\""), ElementsAre(HasSubstr("is a size in bytes")));
  EXPECT_THAT(problems("[limits]\nheader_deadline = \"0s\""), ElementsAre("2:19: \"header_deadline\" is at least 1ms"));
  EXPECT_THAT(problems("[limits]\nstreams_max = 0"), ElementsAre("2:15: \"streams_max\" is between 1 and 100000"));
  EXPECT_THAT(problems("[limits]\nfields_max = \"1KiB\""), ElementsAre(HasSubstr("is an integer, not a string")));
  EXPECT_THAT(problems("[limits]\nhead_bytes_max = \"4KiB\""), ElementsAre(HasSubstr("is at most \"head_bytes_max\"")));
  EXPECT_THAT(problems("[limits]\ndrain = \"1s\""), ElementsAre(HasSubstr("unknown key \"drain\"")));
  EXPECT_THAT(problems("[websocket]\nmessage_bytes_max = \"5GiB\""),
              ElementsAre(HasSubstr("2:21: \"message_bytes_max\"")));
}

// ===== Files =====

std::string file_problem(const std::string& file) {
  const auto config = load_config(file);
  if (config) return "loaded";
  EXPECT_EQ(config.error().size(), 1U);
  return text(config.error()[0]).substr(file.size());
}

TEST(ConfigFile, IsRead) {
  const TemporaryFolder folder;
  const std::string file = folder.write("turnout.toml", "[[listener]]\naddress = \"127.0.0.1:0\"\n");
  const auto config = load_config(file);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->file, file);
  EXPECT_EQ(config->listeners.size(), 1U);
}

TEST(ConfigFile, NeedsAListenerUnlessTheCommandLineHasOne) {
  const TemporaryFolder folder;
  const std::string file = folder.write("turnout.toml", "");
  EXPECT_EQ(file_problem(file), ": there is no listener; write [[listener]] and address = \"127.0.0.1:8101\"");
  EXPECT_TRUE(load_config(file, {.listeners_required = false}));
}

TEST(ConfigFile, WhatIsNotAReadableFileIsNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(file_problem(folder.file("missing")), ": cannot read the configuration: No such file or directory");
  std::filesystem::create_directory(folder.file("folder"));
  EXPECT_EQ(file_problem(folder.file("folder")), ": cannot read the configuration: Is a directory");
  ASSERT_EQ(::mkfifo(folder.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(file_problem(folder.file("pipe")), ": cannot read the configuration: Not a regular file");
  EXPECT_EQ(file_problem("/dev/zero"), ": cannot read the configuration: Not a regular file");
  const std::string secret = folder.write("secret", "workers = 1\n");
  ASSERT_EQ(::chmod(secret.c_str(), 0), 0);
  if (::access(secret.c_str(), R_OK) == 0) return;  // root reads everything
  EXPECT_EQ(file_problem(secret), ": cannot read the configuration: Permission denied");
}

TEST(ConfigFile, HasABound) {
  const TemporaryFolder folder;
  const std::string end = "[[listener]]\naddress = \":0\"\n";
  const std::string comment = "#" + std::string(config_bytes_max - end.size() - 2, 'x') + "\n";
  EXPECT_EQ(file_problem(folder.write("fits", comment + end)), "loaded");
  EXPECT_EQ(file_problem(folder.write("long", comment + "\n" + end)),
            ": cannot read the configuration: longer than 1048576 bytes");
  EXPECT_EQ(problems(comment + "\n" + end).size(), 1U);
}

}  // namespace
}  // namespace turnout
