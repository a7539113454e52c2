#include "observe/log_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace turnout {
namespace {

class LogWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "turnout-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::shared_ptr<LogFile> open(const std::string& name, LogFormat format = LogFormat::w3c) {
    auto file = LogFile::open(path(name), format, "1.2.3");
    EXPECT_TRUE(file) << file.error().message();
    return file.value();
  }

  std::filesystem::path folder_;
};

AccessRecord numbered(std::uint64_t number) {
  AccessRecord record;
  record.time_taken_ms = number;
  record.status = 200;
  return record;
}

std::string content(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The time-taken of every record; a line that is not whole fails the test.
std::vector<std::uint64_t> numbers(const std::string& log) {
  std::vector<std::uint64_t> result;
  EXPECT_TRUE(log.empty() || log.back() == '\n');
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    const std::vector<std::string> fields{std::istream_iterator<std::string>(words), {}};
    EXPECT_EQ(fields.size(), 25U) << line;
    if (fields.size() == 25) result.push_back(std::stoull(fields[14]));
  }
  return result;
}

std::vector<std::uint64_t> up_to(std::uint64_t count) {
  std::vector<std::uint64_t> result;
  for (std::uint64_t n = 0; n < count; ++n) result.push_back(n);
  return result;
}

TEST_F(LogWriterTest, WritesTheHeaderAndThenRecords) {
  LogWriter log(open("access.log"));
  log.write(numbered(0));
  EXPECT_EQ(numbers(content(path("access.log"))), up_to(0)) << "lines wait for the flush";
  log.write(numbered(1));
  log.flush();
  const std::string written = content(path("access.log"));
  EXPECT_TRUE(written.starts_with("#Software: Turnout 1.2.3\n#Version: 1.0\n#Date: ")) << written;
  EXPECT_EQ(numbers(written), up_to(2));
  EXPECT_EQ(log.waiting_bytes(), 0U);
}

TEST_F(LogWriterTest, AppendsAndWritesTheHeaderAgainAtEveryStart) {
  for (std::uint64_t start = 0; start < 2; ++start) {
    LogWriter log(open("access.log"));
    log.write(numbered(start));
  }  // what waits is written at the end
  const std::string written = content(path("access.log"));
  EXPECT_EQ(numbers(written), up_to(2));
  EXPECT_NE(written.find("#Software", 1), std::string::npos);
}

TEST_F(LogWriterTest, JsonHasNoHeader) {
  LogWriter log(open("access.log", LogFormat::json));
  log.write(numbered(7));
  log.flush();
  const std::string written = content(path("access.log"));
  EXPECT_TRUE(written.starts_with("{\"ts\":\"1970-01-01T00:00:00.000Z\"")) << written;
  EXPECT_EQ(std::ranges::count(written, '\n'), 1);
}

TEST_F(LogWriterTest, AFullBufferIsFlushedWithoutBeingAsked) {
  LogWriter log(open("access.log"));
  std::uint64_t count = 0;
  while (numbers(content(path("access.log"))).empty()) {
    ASSERT_LT(count, 10'000U);
    for (int i = 0; i < 100; ++i) log.write(numbered(count++));
  }
  EXPECT_LT(log.waiting_bytes(), LogWriter::flush_bytes);
}

TEST_F(LogWriterTest, SaysWhyAFileCannotBeOpened) {
  EXPECT_EQ(LogFile::open(path("missing/access.log"), LogFormat::w3c, "1").error(),
            std::errc::no_such_file_or_directory);
  EXPECT_EQ(LogFile::open(folder_.string(), LogFormat::w3c, "1").error(), std::errc::is_a_directory);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(LogFile::open(path("pipe"), LogFormat::w3c, "1").error(), std::errc::no_such_device_or_address);
}

TEST_F(LogWriterTest, ReopenContinuesUnderTheName) {
  const std::shared_ptr<LogFile> file = open("access.log");
  LogWriter log(file);
  log.write(numbered(0));
  log.flush();
  std::filesystem::rename(path("access.log"), path("access.log.1"));
  log.write(numbered(1));
  log.flush();
  ASSERT_FALSE(file->reopen());
  log.write(numbered(2));
  log.flush();
  EXPECT_EQ(numbers(content(path("access.log.1"))), up_to(2));
  const std::string fresh = content(path("access.log"));
  EXPECT_TRUE(fresh.starts_with("#Software")) << fresh;
  EXPECT_EQ(numbers(fresh), std::vector<std::uint64_t>{2});
}

TEST_F(LogWriterTest, AFailedReopenKeepsTheFile) {
  const std::shared_ptr<LogFile> file = open("access.log");
  LogWriter log(file);
  std::filesystem::rename(path("access.log"), path("access.log.1"));
  std::filesystem::create_directory(path("access.log"));
  EXPECT_EQ(file->reopen(), std::errc::is_a_directory);
  log.write(numbered(0));
  log.flush();
  EXPECT_EQ(numbers(content(path("access.log.1"))), up_to(1));
}

TEST_F(LogWriterTest, ADeletedFileIsNoProblem) {
  LogWriter log(open("access.log"));
  std::filesystem::remove(path("access.log"));
  log.write(numbered(0));
  log.flush();
  EXPECT_EQ(log.waiting_bytes(), 0U);
  EXPECT_EQ(log.dropped(), 0U);
}

/// The file system is full from `bytes` on, as far as this process can see.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(LogWriterTest, AFullDiskAtEveryByteLosesNoLineThatFitsTheBuffer) {
  std::size_t full_size = 0;
  {
    LogWriter log(open("whole.log"));
    for (std::uint64_t n = 0; n < 3; ++n) log.write(numbered(n));
    log.flush();
    full_size = std::filesystem::file_size(path("whole.log"));
  }
  for (std::size_t limit = 0; limit <= full_size; ++limit) {
    const std::string name = "access-" + std::to_string(limit) + ".log";
    std::shared_ptr<LogFile> file;
    {
      const FileSizeLimit full(limit);
      file = LogFile::open(path(name), LogFormat::w3c, "1.2.3").value();
      LogWriter log(file);
      for (std::uint64_t n = 0; n < 3; ++n) log.write(numbered(n));
      log.flush();
      // Another worker comes while the disk is still full, and flushes once it is not.
      if (log.waiting_bytes() != 0) {
        rlimit now{};
        ::getrlimit(RLIMIT_FSIZE, &now);
        now.rlim_cur = now.rlim_max;
        ::setrlimit(RLIMIT_FSIZE, &now);
      }
    }
    LogWriter other(file);
    other.write(numbered(3));
    other.flush();
    const std::string written = content(path(name));
    ASSERT_EQ(numbers(written), up_to(4)) << limit << "\n" << written;
    ASSERT_EQ(written.find("#Software"), 0U);
    std::filesystem::remove(path(name));
  }
}

TEST_F(LogWriterTest, ALineTakenInPartIsWrittenWholeIntoTheNextFile) {
  const std::shared_ptr<LogFile> file = open("access.log");
  LogWriter log(file);
  log.write(numbered(0));
  log.write(numbered(1));
  {
    const FileSizeLimit full(std::filesystem::file_size(path("access.log")) + 10);
    log.flush();
    std::filesystem::rename(path("access.log"), path("access.log.1"));
    file->reopen();
  }
  log.flush();
  EXPECT_EQ(numbers(content(path("access.log"))), up_to(2));
}

TEST_F(LogWriterTest, DropsAreCountedAndEnd) {
  const std::shared_ptr<LogFile> file = open("access.log");
  LogWriter log(file);
  std::uint64_t count = 0;
  {
    const FileSizeLimit full(1);
    while (log.dropped() < 100 && count < 100'000) log.write(numbered(count++));
  }
  EXPECT_EQ(log.dropped(), 100U);
  EXPECT_LE(log.waiting_bytes(), LogWriter::buffer_bytes_max);
  log.flush();
  EXPECT_EQ(log.waiting_bytes(), 0U);
  log.write(numbered(count));
  log.flush();
  std::vector<std::uint64_t> expected = up_to(count - 100);
  expected.push_back(count);
  EXPECT_EQ(numbers(content(path("access.log"))), expected);
  EXPECT_EQ(log.dropped(), 100U);
}

/// Everything that is in a pipe now.
std::string drain(int descriptor) {
  std::string result;
  char bytes[4096];
  for (ssize_t n = 0; (n = ::read(descriptor, bytes, sizeof bytes)) > 0;)
    result.append(bytes, static_cast<std::size_t>(n));
  return result;
}

TEST_F(LogWriterTest, ASlowReaderOfAPipeStopsNobody) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const int reader = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  LogWriter log(open("pipe"));
  constexpr std::uint64_t count = 4000;  // a few times what a pipe holds
  for (std::uint64_t n = 0; n < count; ++n) log.write(numbered(n));
  log.flush();
  EXPECT_GT(log.waiting_bytes(), 0U);
  EXPECT_EQ(log.dropped(), 0U);
  std::string read = drain(reader);
  while (log.waiting_bytes() != 0) {
    const std::size_t before = log.waiting_bytes();
    log.flush();
    ASSERT_LT(log.waiting_bytes(), before);
    read += drain(reader);
  }
  log.flush();  // what the file held of a line that was taken in part
  read += drain(reader);
  EXPECT_EQ(numbers(read), up_to(count));
  ::close(reader);
}

TEST_F(LogWriterTest, ABlockingPipeDoesNotBlock) {
  // As standard output is: not ours to make non-blocking. The name leads to the descriptor of a pipe.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const int before = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  std::fflush(stdout);
  ASSERT_GE(::dup2(ends[1], STDOUT_FILENO), 0);
  auto file = LogFile::open("-", LogFormat::w3c, "1.2.3");
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ASSERT_TRUE(file);
  LogWriter log(*file);
  for (std::uint64_t n = 0; n < 4000; ++n) log.write(numbered(n));
  log.flush();
  EXPECT_GT(log.waiting_bytes(), 0U);
  EXPECT_FALSE((*file)->reopen());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(LogWriterTest, AReaderThatDiesAndComesBack) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  int reader = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  LogWriter log(open("pipe"));
  ::close(reader);
  log.write(numbered(0));
  log.flush();
  EXPECT_GT(log.waiting_bytes(), 0U);
  reader = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  log.flush();
  EXPECT_EQ(numbers(drain(reader)), up_to(1));
  ::close(reader);
}

TEST_F(LogWriterTest, WorkersAndRotationLoseNothing) {
  const std::shared_ptr<LogFile> file = open("access.log");
  constexpr std::uint64_t per_worker = 2000;
  std::atomic<int> running = 3;
  std::vector<std::thread> workers;
  for (std::uint64_t worker = 0; worker < 3; ++worker) {
    workers.emplace_back([&, worker] {
      LogWriter log(file);
      for (std::uint64_t n = 0; n < per_worker; ++n) {
        log.write(numbered(worker * per_worker + n));
        if (n % 7 == 0) log.flush();
      }
      log.flush();
      --running;
    });
  }
  int rotations = 0;
  do {
    std::filesystem::rename(path("access.log"), path("access.log." + std::to_string(rotations++)));
    EXPECT_FALSE(file->reopen());
  } while (running > 0);
  for (std::thread& worker : workers) worker.join();

  std::multiset<std::uint64_t> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    for (std::uint64_t n : numbers(content(entry.path().string()))) found.insert(n);
  }
  const std::vector<std::uint64_t> all(found.begin(), found.end());
  EXPECT_EQ(all, up_to(3 * per_worker));
}

}  // namespace
}  // namespace turnout
