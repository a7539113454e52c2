// The pages of the admin listener. docs/guide.md has the list.
#pragma once

#include "admin/page.h"

namespace turnout {

/// "/": what there is; and where the one-time URL leads.
class IndexPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
  Task<void> answer_stranger(Exchange& exchange) const override;
  /// False, and nothing is answered, where the URL is not about logging in.
  Task<bool> log_in(Exchange& exchange) const;
};

/// Whatever has no page.
class NothingPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /healthz: every worker answers.
class HealthPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /readyz: new connections are welcome; 503 once the server is stopping.
class ReadyPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /metrics
class MetricsPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /api/v1/config
class ConfigPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /api/v1/transcripts
class TranscriptsPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /api/v1/tunnels
class TunnelsPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
};

/// /api/v1/tunnels/close
class CloseTunnelsPage final : public AdminPage {
 public:
  using AdminPage::AdminPage;

 private:
  Task<void> answer(Exchange& exchange) const override;
  bool changes_something() const noexcept override { return true; }
};

}  // namespace turnout
