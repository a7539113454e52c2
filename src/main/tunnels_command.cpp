#include "main/tunnels_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "client/admin_client.h"

namespace turnout {
namespace {

struct TunnelArguments {
  std::string route;
  std::string token;
  std::string client;
  std::string upstream;
  std::string id;
  std::string socket;
  bool all = false;
  bool force = false;
  bool json = false;

  client::AdminTarget target(std::string path) const {
    client::AdminTarget to(std::move(path));
    to.add("id", id).add("route", route).add("token", token).add("client", client).add("upstream", upstream);
    return to;
  }
};

void add_filters(CLI::App& command, TunnelArguments& arguments) {
  command.add_option("--id", arguments.id, "This one")->type_name("N")->check(CLI::PositiveNumber);
  command.add_option("--route", arguments.route, "Those of a route")->type_name("NAME");
  command.add_option("--token", arguments.token, "Those in this protocol, as websocket")->type_name("TOKEN");
  command.add_option("--client", arguments.client, "Those of a client")->type_name("IP");
  command.add_option("--upstream", arguments.upstream, "Those that lead to a server")->type_name("SERVER");
  command.add_option("--socket", arguments.socket, "The server's admin socket")->type_name("PATH");
  command.add_flag("--json", arguments.json, "For a program");
}

}  // namespace

void add_tunnels_command(CLI::App& app, int& exit_code) {
  CLI::App* list =
      app.add_subcommand("tunnels", "List the switched connections of a server that runs here, or end them");
  auto listed = std::make_shared<TunnelArguments>();
  add_filters(*list, *listed);
  list->footer(client::admin_exit_codes_help);

  CLI::App* close = list->add_subcommand("close", "End them, each in the way that its protocol has for that");
  auto closed = std::make_shared<TunnelArguments>();
  add_filters(*close, *closed);
  close->add_flag("--all", closed->all, "Every one");
  close->add_flag("--force", closed->force, "Break them off instead");
  close->footer("What runs may be ended where the configuration says so: [admin] write = true\n");

  list->callback([list, close, listed, &exit_code] {
    if (list->got_subcommand(close)) return;
    exit_code = client::ask_admin(
        {.socket = listed->socket, .target = listed->target("/api/v1/tunnels").text(), .json = listed->json});
  });
  close->callback([close, closed, &exit_code] {
    const auto is_given = [&](const char* name) { return close->count(name) != 0; };
    if (!is_given("--all") && !is_given("--id") && !is_given("--route") && !is_given("--token") &&
        !is_given("--client") && !is_given("--upstream")) {
      throw CLI::RequiredError("one of --id, --route, --token, --client, --upstream and --all");
    }
    client::AdminTarget target = closed->target("/api/v1/tunnels/close");
    target.set("all", closed->all).set("force", closed->force);
    exit_code =
        client::ask_admin({.socket = closed->socket, .target = target.text(), .changes = true, .json = closed->json});
  });
}

}  // namespace turnout
