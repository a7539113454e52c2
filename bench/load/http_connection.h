// A connection that asks with GET, one request at a time, and checks each answer: its status, its length, and its
// content against that of the first answer of the run.
//
//   Answers answers(run);            // what all connections expect
//   class C : public HttpConnection { void on_answer(std::int64_t now) override { request(now); } ... };
#pragma once

#include <string>

#include "bench/load/connection.h"

namespace turnout::bench {

/// What is asked, and what has to come: whatever came first.
struct Answers {
  explicit Answers(const Run& run);

  const std::string request;
  /// Read from --expect, or the first body that came whole.
  std::string body;
  bool is_known = false;
  /// Of --body-bytes, or of the first answer.
  std::uint64_t body_bytes = 0;
};

class HttpConnection : public Connection {
 public:
  HttpConnection(Run& run, std::size_t number, Answers& answers) : Connection(run, number), answers_(answers) {}

  /// Sends a request that was due at this time.
  void request(std::int64_t due);
  bool is_waiting() const noexcept { return waiting_; }
  std::int64_t asked_at() const noexcept { return asked_at_; }

 protected:
  /// A whole answer, and a right one.
  virtual void on_answer(std::int64_t now) = 0;
  /// The connection is over while nothing was asked, or as its last answer said.
  virtual void on_closed_in_order() = 0;

  void on_readable() override;
  void on_end(std::string_view how) override;

 private:
  void take(std::string_view bytes);
  bool take_head(std::string_view& bytes);
  bool take_body(std::string_view& bytes);

  Answers& answers_;
  std::string head_;  // as far as it has come, where it came in pieces
  std::int64_t asked_at_ = 0;
  std::uint64_t body_place_ = 0;
  bool waiting_ = false;
  bool in_body_ = false;
  bool compared_ = false;  // one answer on this connection was compared as a whole
  bool closing_ = false;
};

}  // namespace turnout::bench
