// run: a Server as a process of its own: what it says when it is ready, and what signals do to it.
//
//   SIGTERM, SIGINT   drain; the second one ends the process at once
//   SIGUSR1           reopens logs
//   SIGHUP            reads certificates again
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <turnout/server.h>

namespace turnout {

/// Starts the server and returns the exit code once it has ended. To be called before the process has other threads.
/// `before_ready` may say something to a person; the line that programs wait for is the one after it.
int run(Server& server, const std::function<void(const std::vector<Server::Listening>&)>& before_ready = nullptr);

/// "ready http=127.0.0.1:8101 https=127.0.0.1:8443"; several of a kind are joined by commas.
std::string ready_line(const std::vector<Server::Listening>& listeners);

}  // namespace turnout
