// The command line; everything else is in the library.
#include <CLI/CLI.hpp>
#include <cstdio>

int main(int argc, char** argv) {
  CLI::App app("A server whose connections change protocol", "turnout");
  app.require_subcommand(1);
  app.add_subcommand("version", "Print the version")->callback([] { std::puts("turnout " TURNOUT_VERSION); });
  CLI11_PARSE(app, argc, argv);
  return 0;
}
