// ClientRun: `turnout get` on one end of a pipe in memory, for tests.
//
//   ClientRun client(loop);
//   client.start(std::move(stream), client.request("http://a/hello", "h2c"));
//   loop.run();
//   client.outcome()          // "200 switched", or "failed 6: ..."; "waits" as long as it has not ended
//   client.body();            // what went to standard output
#pragma once

#include <string>
#include <vector>

#include "client/get.h"
#include "runtime/sim_loop.h"
#include "transport/memory_stream.h"

namespace turnout::client {

class ClientRun {
 public:
  explicit ClientRun(SimLoop& loop) : loop_(loop) {}
  ~ClientRun() { loop_.advance(Millis(3'600'000)); }

  /// Verbose, because nothing about it may change what is done.
  static Request request(std::string_view url, std::string_view upgrade = "") {
    Request request;
    request.url = parse_url(url).value();
    if (!upgrade.empty()) request.offer = parse_offer(upgrade).value();
    request.verbose = true;
    request.tls.insecure = true;
    return request;
  }

  void start(std::unique_ptr<Stream> stream, Request request) {
    request_ = std::move(request);
    tasks_.spawn(run(*this, Wire(std::move(stream))));
  }

  bool is_over() const { return is_over_; }
  std::string outcome() const {
    if (!is_over_) return "waits";
    if (!result_) return "failed " + std::to_string(static_cast<int>(result_.error().exit));
    return std::to_string(result_->status) + (result_->switched ? " switched" : "");
  }
  std::string message() const { return result_ ? "" : result_.error().message; }
  const std::string& body() const { return output_.text; }
  /// What -v shows, one line each.
  const std::string& shown() const { return output_.lines; }
  bool has_shown(std::string_view line) const {
    return ("\n" + shown()).find("\n" + std::string(line)) != std::string::npos;
  }
  /// Standard output takes no more than this.
  void fill_disk_after(std::size_t bytes) { output_.bytes_max = bytes; }

 private:
  struct Collected final : Output {
    bool body(Bytes bytes) override {
      if (text.size() + bytes.size() > bytes_max) return false;
      text.append(as_text(bytes));
      return true;
    }
    void line(std::string_view line) override { lines.append(line).append("\n"); }
    std::string text;
    std::string lines;
    std::size_t bytes_max = ~std::size_t{0};
  };

  static Task<void> run(ClientRun& self, Wire wire) {
    self.result_ = co_await get(std::move(wire), self.request_, self.output_);
    self.is_over_ = true;
  }

  SimLoop& loop_;
  Request request_;
  Collected output_;
  std::expected<Answer, Failure> result_ = std::unexpected(Failure{});
  bool is_over_ = false;
  TaskGroup tasks_;
};

}  // namespace turnout::client
