#include "main/explain_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "probe/explain.h"

namespace turnout {

void add_explain_command(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string name;
    bool json = false;
  };
  CLI::App* explain = app.add_subcommand("explain", "Say what a cause, a status or a close code means for a switch");
  auto arguments = std::make_shared<Arguments>();
  explain->add_option("NAME", arguments->name, "P06, hop-headers-stripped, 101, 426, 1006; without it: all causes");
  explain->add_flag("--json", arguments->json, "The whole catalogue, for a program");
  explain->callback([arguments, &exit_code] { exit_code = probe::run_explain(arguments->name, arguments->json); });
}

}  // namespace turnout
