#include "handlers/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handlers/open_files.h"
#include "tests/support/memory_server.h"
#include "tests/support/temporary_folder.h"

namespace turnout {
namespace {

// Of every file of these tests: Sun, 06 Nov 1994 08:49:37 GMT.
constexpr std::time_t modified_time = 784111777;
constexpr std::string_view modified = "Sun, 06 Nov 1994 08:49:37 GMT";

struct Response {
  std::string head;
  std::string body;

  bool is(std::string_view status) const { return head.starts_with("HTTP/1.1 " + std::string(status)); }
  std::string field(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "none";
    const std::size_t start = at + name.size() + 4;
    return head.substr(start, head.find("\r\n", start) - start);
  }
};

Response split(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return {bytes, ""};
  return {bytes.substr(0, end + 2), bytes.substr(end + 4)};
}

std::string big_text(std::size_t size) {
  std::string text;
  text.reserve(size + 8);
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    write("index.html", "<p>home");
    write("a.txt", "0123456789");
    write("sub/index.html", "<p>sub");
    write("bare/c.bin", "c");
    write("empty", "");
    write(".hidden", "hidden");
    write(".git/config", "hidden");
    write("sub/.htpasswd", "hidden");
    folder.write("secret.txt", "secret");
    serve("");
  }

  void serve(const std::string& prefix) {
    auto files = Files::open(folder / "root", prefix);
    ASSERT_TRUE(files);
    server.site.add("/**", std::move(*files));
  }

  void write(const std::string& name, std::string_view content) {
    folder.write("root/" + name, content);
    const timespec times[2] = {{modified_time, 0}, {modified_time, 123456789}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder / ("root/" + name)).c_str(), times, 0), 0);
    if (asked) forget();
  }

  /// What a worker knows about a file is looked at anew.
  void forget() { server.loop.advance(Millis(OpenFiles::trust_ms)); }

  Response ask(std::string_view request_line, std::string_view fields = "", MemoryFaults faults = {}) {
    asked = true;
    MemoryPeer client = server.connect(faults);
    client.send(std::string(request_line) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    std::string bytes;
    while (true) {
      server.loop.run();
      const std::string part = client.take();
      if (part.empty()) break;
      bytes += part;
    }
    was_reset = client.was_reset();
    ended = client.ended();
    return split(bytes);
  }

  Response get(std::string_view path, std::string_view fields = "") { return ask("GET " + std::string(path), fields); }

  TemporaryFolder folder;
  MemoryServer server;
  bool asked = false;
  bool was_reset = false;
  bool ended = false;
};

TEST_F(FilesTest, AFile) {
  const Response response = get("/a.txt");
  const std::string etag = response.field("ETag");
  EXPECT_EQ(response.head, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nLast-Modified: " +
                               std::string(modified) + "\r\nETag: " + etag +
                               "\r\nAccept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n"
                               "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\nContent-Length: 10\r\n");
  EXPECT_EQ(response.body, "0123456789");
  EXPECT_EQ(etag.size(), 18U);
  EXPECT_TRUE(etag.starts_with('"') && etag.ends_with('"')) << etag;
  EXPECT_FALSE(ended) << "the connection goes on";
}

TEST_F(FilesTest, TheTagTellsVersionsApart) {
  const std::string first = get("/a.txt").field("ETag");
  EXPECT_EQ(get("/a.txt").field("ETag"), first);
  write("a.txt", "01234567890");
  const std::string longer = get("/a.txt").field("ETag");
  EXPECT_NE(longer, first);
  const timespec times[2] = {{modified_time, 0}, {modified_time, 123456790}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "root/a.txt").c_str(), times, 0), 0);
  forget();
  EXPECT_NE(get("/a.txt").field("ETag"), longer) << "a nanosecond is enough";
}

TEST_F(FilesTest, AFileFromTheFutureIsNoNewerThanItsAnswer) {
  const timespec times[2] = {{modified_time, 0}, {4102444800, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (folder / "root/a.txt").c_str(), times, 0), 0);
  const Response response = get("/a.txt");
  EXPECT_EQ(response.field("Last-Modified"), response.field("Date"));
}

TEST_F(FilesTest, AnEmptyFile) {
  const Response response = get("/empty", "Range: bytes=0-\r\n");
  EXPECT_TRUE(response.is("200")) << response.head;
  EXPECT_EQ(response.field("Content-Length"), "0");
  EXPECT_EQ(response.field("Content-Type"), "application/octet-stream");
}

TEST_F(FilesTest, AFolderIsItsIndex) {
  EXPECT_EQ(get("/").body, "<p>home");
  EXPECT_EQ(get("/sub/").body, "<p>sub");
  EXPECT_EQ(get("/sub/").field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("/?a=b").body, "<p>home");
}

TEST_F(FilesTest, NothingIsListed) {
  EXPECT_TRUE(get("/bare/").is("404"));
  std::filesystem::create_directories(folder / "root/odd/index.html");
  EXPECT_TRUE(get("/odd/").is("404"));
}

TEST_F(FilesTest, AFolderWithoutItsSlashIsRedirected) {
  const Response response = get("/sub");
  EXPECT_TRUE(response.is("301")) << response.head;
  EXPECT_EQ(response.field("Location"), "./sub/");
  EXPECT_EQ(get("/sub?a=b&c=/d?").field("Location"), "./sub/?a=b&c=/d?");
  EXPECT_EQ(get("/%73ub").field("Location"), "./%73ub/") << "as the client wrote it";
  EXPECT_TRUE(get("/a.txt/").is("404"));
}

TEST_F(FilesTest, ARedirectStaysOnThisHost) {
  std::filesystem::create_directories(folder / "root/evil.com");
  std::filesystem::create_directories(folder / "root/javascript:x");
  std::filesystem::create_directories(folder / "root/\\evil.com");
  EXPECT_EQ(get("//evil.com").field("Location"), "./evil.com/");
  EXPECT_EQ(get("/javascript:x").field("Location"), "./javascript:x/");
  EXPECT_EQ(get("/%5cevil.com").field("Location"), "./%5cevil.com/");
}

TEST_F(FilesTest, ThePrefixIsLeftOut) {
  serve("/docs");
  EXPECT_EQ(get("/docs/a.txt").body, "0123456789");
  EXPECT_EQ(get("/docs/").body, "<p>home");
  EXPECT_EQ(get("/docs").field("Location"), "./docs/");
  EXPECT_TRUE(get("/a.txt").is("404"));
  EXPECT_TRUE(get("/docsa.txt").is("404"));
  EXPECT_TRUE(get("/docs/docs/a.txt").is("404"));
}

TEST_F(FilesTest, Methods) {
  const Response options = ask("OPTIONS /a.txt");
  EXPECT_TRUE(options.is("204")) << options.head;
  EXPECT_EQ(options.field("Allow"), "GET, HEAD, OPTIONS");
  const Response put = ask("PUT /a.txt", "Content-Length: 0\r\n");
  EXPECT_TRUE(put.is("405")) << put.head;
  EXPECT_EQ(put.field("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(FilesTest, HeadIsTheHeadOfGet) {
  write("big", big_text(100'000));
  for (const std::string path : {"/a.txt", "/", "/none", "/sub", "/empty", "/big", "/.hidden"}) {
    const Response head = ask("HEAD " + path);
    EXPECT_EQ(head.head, get(path).head) << path;
    EXPECT_EQ(head.body, "") << path;
    EXPECT_FALSE(ended) << path;
  }
}

TEST_F(FilesTest, HeadHasNoRanges) {
  const Response response = ask("HEAD /a.txt", "Range: bytes=0-1\r\n");
  EXPECT_TRUE(response.is("200")) << response.head;
  EXPECT_EQ(response.field("Content-Length"), "10");
}

TEST_F(FilesTest, ConditionalRequests) {
  const std::string etag = get("/a.txt").field("ETag");
  const std::string past = "Sun, 06 Nov 1994 08:49:36 GMT";
  struct Case {
    std::string fields;
    std::string_view status;
  };
  const std::vector<Case> cases = {
      {"If-None-Match: " + etag, "304"},
      {"If-None-Match: W/" + etag, "304"},
      {"If-None-Match: *", "304"},
      {"If-None-Match: \"other\"", "200"},
      {"If-None-Match: \"other\"\r\nIf-Modified-Since: " + std::string(modified), "200"},
      {"If-Modified-Since: " + std::string(modified), "304"},
      {"If-Modified-Since: " + past, "200"},
      {"If-Modified-Since: no date", "200"},
      {"If-Match: " + etag, "200"},
      {"If-Match: *", "200"},
      {"If-Match: \"other\"", "412"},
      {"If-Match: W/" + etag, "412"},
      {"If-Match: \"other\"\r\nIf-None-Match: " + etag, "412"},
      {"If-Match: " + etag + "\r\nIf-None-Match: " + etag, "304"},
      {"If-Unmodified-Since: " + std::string(modified), "200"},
      {"If-Unmodified-Since: " + past, "412"},
      {"If-Match: " + etag + "\r\nIf-Unmodified-Since: " + past, "200"},
  };
  for (const Case& one : cases) {
    for (const std::string method : {"GET", "HEAD"}) {
      const Response response = ask(method + " /a.txt", one.fields + "\r\n");
      EXPECT_TRUE(response.is(one.status)) << method << " " << one.fields << "\n" << response.head;
      EXPECT_FALSE(ended);
    }
  }
}

TEST_F(FilesTest, NotModifiedSaysNoMoreThanItMust) {
  const std::string etag = get("/a.txt").field("ETag");
  const Response response = get("/a.txt", "If-None-Match: " + etag + "\r\n");
  EXPECT_EQ(response.head,
            "HTTP/1.1 304 Not Modified\r\nETag: " + etag + "\r\nDate: Mon, 21 Sep 2026 14:13:20 GMT\r\n");
  EXPECT_EQ(response.body, "");
}

TEST_F(FilesTest, ConditionsOnWhatIsNotThereAreNotLookedAt) {
  EXPECT_TRUE(get("/none", "If-Match: *\r\n").is("404"));
  EXPECT_TRUE(get("/none", "If-None-Match: *\r\n").is("404"));
  EXPECT_TRUE(get("/sub", "If-None-Match: *\r\n").is("301"));
}

TEST_F(FilesTest, ARange) {
  const Response response = get("/a.txt", "Range: bytes=2-4\r\n");
  EXPECT_TRUE(response.is("206 Partial Content")) << response.head;
  EXPECT_EQ(response.field("Content-Range"), "bytes 2-4/10");
  EXPECT_EQ(response.field("Content-Length"), "3");
  EXPECT_EQ(response.body, "234");
  EXPECT_EQ(get("/a.txt", "Range: bytes=-3\r\n").body, "789");
  EXPECT_EQ(get("/a.txt", "Range: bytes=8-\r\n").field("Content-Range"), "bytes 8-9/10");
}

TEST_F(FilesTest, ARangeBehindTheEnd) {
  const Response response = get("/a.txt", "Range: bytes=10-\r\n");
  EXPECT_TRUE(response.is("416 Range Not Satisfiable")) << response.head;
  EXPECT_EQ(response.field("Content-Range"), "bytes */10");
  EXPECT_FALSE(ended);
}

TEST_F(FilesTest, WhatIsNoRangeIsIgnored) {
  for (const std::string_view field : {"bytes=4-2", "lines=1-2", "bytes=0-4,2-6", "x"}) {
    const Response response = get("/a.txt", "Range: " + std::string(field) + "\r\n");
    EXPECT_TRUE(response.is("200")) << field;
    EXPECT_EQ(response.body, "0123456789") << field;
  }
  EXPECT_TRUE(get("/a.txt", "Range: bytes=0-1\r\nRange: bytes=4-5\r\n").is("200"));
}

TEST_F(FilesTest, IfRange) {
  const std::string etag = get("/a.txt").field("ETag");
  const std::string range = "Range: bytes=0-1\r\nIf-Range: ";
  EXPECT_TRUE(get("/a.txt", range + etag + "\r\n").is("206"));
  EXPECT_TRUE(get("/a.txt", range + std::string(modified) + "\r\n").is("206"));
  EXPECT_TRUE(get("/a.txt", range + "\"other\"\r\n").is("200"));
  EXPECT_TRUE(get("/a.txt", range + "W/" + etag + "\r\n").is("200"));
  EXPECT_TRUE(get("/a.txt", range + "Sun, 06 Nov 1994 08:49:38 GMT\r\n").is("200"));
  EXPECT_TRUE(get("/a.txt", "Range: bytes=99-\r\nIf-Range: \"other\"\r\n").is("200"));
  // RFC 9110 section 13.2.2: the other conditions come first.
  EXPECT_TRUE(get("/a.txt", range + etag + "\r\nIf-None-Match: " + etag + "\r\n").is("304"));
}

void expect_parts(const Response& response, const std::string& text, const std::vector<std::pair<int, int>>& ranges) {
  ASSERT_TRUE(response.is("206")) << response.head;
  constexpr std::string_view type = "multipart/byteranges; boundary=";
  ASSERT_TRUE(response.field("Content-Type").starts_with(type)) << response.head;
  EXPECT_EQ(response.field("Content-Range"), "none") << "only in the parts (RFC 9110 section 15.3.7.2)";
  const std::string boundary = response.field("Content-Type").substr(type.size());
  std::string expected;
  for (const auto& [first, last] : ranges) {
    expected += "\r\n--" + boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes " +
                std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(text.size()) + "\r\n\r\n" +
                text.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1));
  }
  expected += "\r\n--" + boundary + "--\r\n";
  EXPECT_EQ(response.body, expected);
  EXPECT_EQ(response.field("Content-Length"), std::to_string(expected.size()));
}

TEST_F(FilesTest, SeveralRanges) {
  expect_parts(get("/a.txt", "Range: bytes=7-8, 0-1\r\n"), "0123456789", {{7, 8}, {0, 1}});
  EXPECT_NE(get("/a.txt", "Range: bytes=7-8, 0-1\r\n").field("Content-Type"),
            get("/a.txt", "Range: bytes=7-8, 0-1\r\n").field("Content-Type"))
      << "nobody knows the boundary in advance";
  EXPECT_EQ(get("/a.txt", "Range: bytes=7-8, 99-\r\n").field("Content-Range"), "bytes 7-8/10");
}

TEST_F(FilesTest, SeveralLongRanges) {
  const std::string text = big_text(300'000);
  write("big.txt", text);
  expect_parts(get("/big.txt", "Range: bytes=100-100099,200000-299999\r\n"), text, {{100, 100099}, {200000, 299999}});
}

TEST_F(FilesTest, AFileOfAnySizeArrivesWhole) {
  for (const std::size_t size : {1U, 16 * 1024U - 1, 16 * 1024U, 16 * 1024U + 1, 32 * 1024U, 1'000'003U}) {
    const std::string text = big_text(size);
    write("big", text);
    const Response response = get("/big");
    EXPECT_EQ(response.field("Content-Length"), std::to_string(size));
    EXPECT_TRUE(response.body == text) << size << ", got " << response.body.size();
  }
}

TEST_F(FilesTest, ALargeFileThroughShortWrites) {
  const std::string text = big_text(400'000);
  write("big", text);
  MemoryFaults faults;
  faults.write_bytes_max = 1000;
  faults.capacity_bytes = 4096;
  const Response response = ask("GET /big", "", faults);
  EXPECT_TRUE(response.body == text) << response.body.size();
}

TEST_F(FilesTest, AWriteThatFailsEndsIt) {
  write("big", big_text(100'000));
  for (std::size_t n = 1; n < 12; ++n) {
    MemoryFaults faults;
    faults.fail_at_operation = n;
    (void)ask("GET /big", "Connection: close\r\n", faults);
  }
  EXPECT_TRUE(server.sessions.empty()) << "each of them is over";
}

TEST_F(FilesTest, AFileThatShrinksWhileItIsSentBreaksTheConnection) {
  write("big", big_text(500'000));
  MemoryFaults faults;
  faults.capacity_bytes = 8192;
  MemoryPeer client = server.connect(faults);
  client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  std::string bytes = client.take();
  ASSERT_TRUE(split(bytes).is("200"));
  ASSERT_EQ(::truncate((folder / "root/big").c_str(), 100'000), 0);
  while (true) {
    server.loop.run();
    const std::string part = client.take();
    if (part.empty()) break;
    bytes += part;
  }
  EXPECT_EQ(split(bytes).field("Content-Length"), "500000");
  EXPECT_LT(split(bytes).body.size(), 500'000U) << "nothing is made up for what is gone";
  EXPECT_TRUE(client.ended());
}

TEST_F(FilesTest, AFileThatGrowsWhileItIsSentKeepsItsLength) {
  const std::string text = big_text(200'000);
  write("big", text);
  MemoryFaults faults;
  faults.capacity_bytes = 8192;
  MemoryPeer client = server.connect(faults);
  client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  server.loop.run();
  std::string bytes = client.take();
  folder.write("root/big", text + "more");
  while (true) {
    server.loop.run();
    const std::string part = client.take();
    if (part.empty()) break;
    bytes += part;
  }
  EXPECT_TRUE(split(bytes).body == text) << split(bytes).body.size();
}

TEST_F(FilesTest, DescriptorsAreClosed) {
  write("big", big_text(100'000));
  const auto open_now = [] {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
    return n;
  };
  const std::size_t before = open_now();
  for (const std::string_view path : {"/a.txt", "/big", "/none", "/sub", "/", "/bare/", "/.hidden"}) {
    (void)get(path);
    (void)ask("HEAD " + std::string(path));
    (void)get(path, "Range: bytes=0-0,2-2\r\n");
    (void)get(path, "If-None-Match: *\r\n");
  }
  server.loop.advance(Millis(2 * OpenFiles::unused_ms_max));
  EXPECT_EQ(open_now(), before);
}

TEST(Files, ARootThatIsNotThereIsAMistake) {
  const auto files = Files::open("/nowhere/to/be/found", "");
  ASSERT_FALSE(files);
  EXPECT_NE(files.error().find("/nowhere/to/be/found"), std::string::npos);
}

using FilesAttackTest = FilesTest;

TEST_F(FilesAttackTest, NoPathLeadsOutOfTheRoot) {
  std::filesystem::create_symlink("../secret.txt", folder / "root/out");
  std::filesystem::create_symlink(folder / "secret.txt", folder / "root/absolute");
  std::filesystem::create_symlink("..", folder / "root/up");
  for (const std::string_view path : {"/../secret.txt",
                                      "/%2e%2e/secret.txt",
                                      "/%2E%2E/secret.txt",
                                      "/.%2e/secret.txt",
                                      "/sub/../../secret.txt",
                                      "/sub/%2e%2e/%2e%2e/secret.txt",
                                      "/..%2fsecret.txt",
                                      "/%2e%2e%2fsecret.txt",
                                      "/..%5csecret.txt",
                                      "/..\\secret.txt",
                                      "/sub\\..\\..\\secret.txt",
                                      "/%252e%252e/secret.txt",
                                      "/%c0%ae%c0%ae/secret.txt",
                                      "/..%00/secret.txt",
                                      "/%00/../secret.txt",
                                      "//../secret.txt",
                                      "/./../secret.txt",
                                      "/...//secret.txt",
                                      "/..;/secret.txt",
                                      "/out",
                                      "/absolute",
                                      "/up/secret.txt",
                                      "/a.txt/../../secret.txt",
                                      "/..",
                                      "/%2e%2e"}) {
    const Response response = get(path);
    EXPECT_TRUE(response.is("400") || response.is("404")) << path << "\n" << response.head;
    EXPECT_EQ(response.body.find("secret"), std::string::npos) << path;
  }
}

TEST_F(FilesAttackTest, AZeroByteEndsNoName) {
  for (const std::string_view path : {"/a.txt%00", "/a.txt%00.html", "/%00", "/sub%00/"}) {
    EXPECT_TRUE(get(path).is("400")) << path;
  }
}

TEST_F(FilesAttackTest, HiddenNamesAreNotThere) {
  for (const std::string_view path : {"/.hidden", "/%2ehidden", "/.git/config", "/.git/", "/.git", "/sub/.htpasswd",
                                      "/sub/%2Ehtpasswd", "//.hidden"}) {
    const Response response = get(path);
    EXPECT_TRUE(response.is("404")) << path << "\n" << response.head;
    EXPECT_EQ(response.body, get("/none").body) << "whether it exists is not to be seen";
  }
}

TEST_F(FilesAttackTest, AManglingOfThePathIsDoneOnce) {
  write("a%2fb", "percent");
  EXPECT_EQ(get("/a%252fb").body, "percent");
  EXPECT_TRUE(get("/a%2fb").is("400"));
}

TEST_F(FilesAttackTest, RangesDoNotMultiplyTheWork) {
  write("big", big_text(100'000));
  std::string field = "Range: bytes=0-";
  for (int i = 1; i < 500; ++i) field += ",0-";
  const Response overlapping = get("/big", field + "\r\n");
  EXPECT_TRUE(overlapping.is("200"));
  EXPECT_EQ(overlapping.body.size(), 100'000U);
}

}  // namespace
}  // namespace turnout
