// `turnout tunnels`: its options and its help.
#pragma once

namespace CLI {
class App;
}

namespace turnout {

/// Adds the subcommand; where it was chosen, `exit_code` is what the process ends with.
void add_tunnels_command(CLI::App& app, int& exit_code);

}  // namespace turnout
