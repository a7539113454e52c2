// Welcome: the page that a server without a configuration shows. It says over which protocol it came, and opens a
// WebSocket to /echo.
//
// The page is a file, handlers/welcome/page.html, that the build puts into the program. What is written {{so}} in it
// is filled in for each request; its script and its style are fixed, and the only ones that a browser will run.
#pragma once

#include <string>
#include <string_view>

#include "switching/exchange.h"

namespace turnout {

class Welcome final : public Handler {
 public:
  Welcome();
  Task<void> serve(Exchange& exchange) const override;

 private:
  std::string security_policy_;
};

/// handlers/welcome/page.html as it was at build time (cmake/welcome_page.cmake).
extern const std::string_view welcome_page;

}  // namespace turnout
