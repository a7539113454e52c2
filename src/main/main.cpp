// The command line; everything else is in the library.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/version.h"
#include "main/connect_command.h"
#include "main/explain_command.h"
#include "main/get_command.h"
#include "main/probe_command.h"
#include "main/serve_command.h"
#include "main/transcripts_command.h"
#include "main/tunnels_command.h"
#include "server/check.h"

namespace {

constexpr int exit_code_of_bad_usage = 2;

int check(const std::string& file) {
  const auto problems = turnout::check_config_file(file);
  for (const turnout::Diagnostic& problem : problems) fmt::print(stderr, "{}\n", text(problem));
  return problems.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  CLI::App app("A server whose connections change protocol", "turnout");
  app.require_subcommand(1);

  turnout::add_serve_command(app, exit_code);
  turnout::add_get_command(app, exit_code);
  turnout::add_probe_command(app, exit_code);
  turnout::add_connect_command(app, exit_code);
  turnout::add_explain_command(app, exit_code);
  turnout::add_tunnels_command(app, exit_code);
  turnout::add_transcripts_command(app, exit_code);

  std::string file;
  CLI::App* check_command = app.add_subcommand("check", "Say what is wrong with a configuration, if anything");
  check_command->add_option("CONFIG.toml", file, "The configuration")->required();
  check_command->callback([&] { exit_code = check(file); });

  app.add_subcommand("version", "Print the version")->callback([] { fmt::print("turnout {}\n", turnout::version()); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code_of_bad_usage;  // --help is no error
  }
  return exit_code;
}
