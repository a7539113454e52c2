// turnout serve [CONFIG.toml] [--http ADDR:PORT]... [--https ADDR:PORT]... and so on.
#pragma once

#include <CLI/App.hpp>

namespace turnout {

/// `exit_code` is set when the command has run.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace turnout
