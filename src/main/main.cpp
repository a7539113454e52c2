// The command line; everything else is in the library.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "main/get_command.h"

int main(int argc, char** argv) {
  CLI::App app("A server whose connections change protocol", "turnout");
  app.require_subcommand(1);
  app.add_subcommand("version", "Print the version")->callback([] { std::puts("turnout " TURNOUT_VERSION); });
  int exit_code = 0;
  turnout::add_get_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // --help is no error
  }
  return exit_code;
}
