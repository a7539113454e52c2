// AdminPage: what one URL of the admin listener answers, once whoever asks has been let in.
#pragma once

#include <string>
#include <string_view>

#include "admin/gather.h"
#include "admin/guard.h"
#include "admin/host.h"
#include "switching/exchange.h"

namespace turnout {

/// What all pages of a listener share.
struct AdminContext {
  const AdminHost& host;
  EpollLoop& loop;
  Cancellation& cancellation;
  bool write = false;                       // pages that change something may
  std::uint16_t port = 0;                   // of TCP; 0: the unix socket
  AdminCredentials* credentials = nullptr;  // over TCP

  Asking asking() const;
};

class AdminPage : public Handler {
 public:
  explicit AdminPage(const AdminContext& context) noexcept : context_(context) {}
  Task<void> serve(Exchange& exchange) const final;

 protected:
  virtual Task<void> answer(Exchange& exchange) const = 0;
  /// What is for those who have not logged in: 401.
  virtual Task<void> answer_stranger(Exchange& exchange) const;
  virtual bool changes_something() const noexcept { return false; }

  const AdminContext& context() const noexcept { return context_; }

 private:
  const AdminContext& context_;
};

inline constexpr std::string_view media_text = "text/plain; charset=utf-8";
inline constexpr std::string_view media_json = "application/json";

Task<void> reply(Exchange& exchange, int status, std::string_view media_type, std::string body);
/// A person asks, not a program: Accept names text/plain.
bool wants_text(const RequestHead& request);

}  // namespace turnout
