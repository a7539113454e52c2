#include "server/access_recorder.h"

#include "switching/session.h"

namespace turnout {
namespace {

UpgradeOutcome outcome_of(std::string_view text) noexcept {
  if (text == "accepted") return UpgradeOutcome::accepted;
  if (text == "declined") return UpgradeOutcome::declined;
  if (text == "refused") return UpgradeOutcome::refused;
  return UpgradeOutcome::none;
}

CloseBy close_by_of(std::string_view text) noexcept {
  if (text == "client") return CloseBy::client;
  if (text == "server") return CloseBy::server;
  if (text == "upstream") return CloseBy::upstream;
  return CloseBy::none;
}

AccessEvent event_of(RecordKind kind) noexcept {
  switch (kind) {
    case RecordKind::request: return AccessEvent::request;
    case RecordKind::progress:
    case RecordKind::open: return AccessEvent::open;
    case RecordKind::close: return AccessEvent::close;
  }
  return AccessEvent::request;
}

std::uint32_t win32_status_of(const Record& record) noexcept {
  switch (record.close_reason) {
    case Why::client_gone:
    case Why::peer_reset: return win32_network_name_gone;
    case Why::header_timeout:
    case Why::body_timeout:
    case Why::send_timeout:
    case Why::handshake_timeout:
    case Why::idle_timeout:
    case Why::lifetime_over:
    case Why::half_close_timeout:
    case Why::close_timeout:
    case Why::limit:
    case Why::flood:
    case Why::internal: return win32_operation_aborted;
    default: return 0;
  }
}

AccessRecord to_access_record(const Record& record, const Worker& worker) noexcept {
  AccessRecord to;
  to.time_ms = worker.wall_ms();
  if (record.session != nullptr) {
    to.server = record.session->peers().local;
    to.client = record.session->peers().remote;
  }
  if (record.request != nullptr) {
    to.method = record.request->method;
    to.uri_stem = record.request->path();
    to.uri_query = record.request->query();
    to.user_agent = record.request->fields.find("user-agent").value_or(std::string_view());
    to.referer = record.request->fields.find("referer").value_or(std::string_view());
  }
  to.status = record.status;
  to.win32_status = win32_status_of(record);
  to.time_taken_ms = worker.now_ms() - record.began_ms;
  to.event = event_of(record.kind);
  to.tunnel_id = record.tunnel_id;
  to.upgrade_offer = record.offer;
  to.upgrade_token = record.token;
  to.upgrade_outcome = outcome_of(record.outcome);
  to.upgrade_reason = record.reason;
  to.close_by = close_by_of(record.closed_by);
  to.close_reason = record.close_reason;
  to.bytes_in = record.bytes_in;
  to.bytes_out = record.bytes_out;
  return to;
}

}  // namespace

AccessRecorder::Flush::Flush(AccessRecorder& owner) noexcept
    : Timer([](Timer& timer) noexcept { static_cast<Flush&>(timer).recorder.flush(); }), recorder(owner) {}

AccessRecorder::AccessRecorder(Worker& worker, std::shared_ptr<LogFile> file)
    : worker_(worker), log_(std::move(file)), flush_(*this) {}

void AccessRecorder::write(const Record& record) noexcept {
  if (record.kind == RecordKind::progress) return;  // that is for counters
  log_.write(to_access_record(record, worker_));
  if (!flush_.is_set()) worker_.set_timer(flush_, delay_max);
}

void AccessRecorder::at_turn_end() noexcept {
  // Where the file takes nothing, only the timer tries again.
  if (log_.waiting_bytes() >= waiting_bytes_max && log_.waiting_bytes() > stuck_bytes_) flush();
}

void AccessRecorder::flush() noexcept {
  worker_.wheel().clear(flush_);
  log_.flush();
  stuck_bytes_ = log_.waiting_bytes() == 0 ? 0 : log_.waiting_bytes() + waiting_bytes_max;
  if (log_.waiting_bytes() != 0) worker_.set_timer(flush_, delay_max);
}

}  // namespace turnout
