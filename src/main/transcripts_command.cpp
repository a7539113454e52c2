#include "main/transcripts_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "client/admin_client.h"

namespace turnout {

void add_transcripts_command(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::string route;
    std::string token;
    std::string outcome;
    std::string reason;
    std::string tunnel;
    std::string client;
    std::string socket;
    bool recent = false;
    bool json = false;
  };
  CLI::App* command =
      app.add_subcommand("transcripts", "Show why something switched or did not, on a server that runs here");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("--route", arguments->route, "Those of a route")->type_name("NAME");
  command->add_option("--token", arguments->token, "Those about this protocol, as websocket")->type_name("TOKEN");
  command->add_option("--outcome", arguments->outcome, "accepted, declined or refused")
      ->check(CLI::IsMember({"accepted", "declined", "refused"}));
  command->add_option("--reason", arguments->reason, "Of the answer or of the end, as origin-not-allowed")
      ->type_name("NAME");
  command->add_option("--tunnel", arguments->tunnel, "The one of this switch, a recent one too")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command->add_option("--client", arguments->client, "Those of a client")->type_name("IP");
  command->add_option("--socket", arguments->socket, "The server's admin socket")->type_name("PATH");
  command->add_flag("--recent", arguments->recent, "Also the latest switches of which there is nothing to tell");
  command->add_flag("--json", arguments->json, "For a program");
  command->footer(client::admin_exit_codes_help);
  command->callback([arguments, &exit_code] {
    client::AdminTarget target("/api/v1/transcripts");
    target.add("route", arguments->route).add("token", arguments->token).add("outcome", arguments->outcome);
    target.add("reason", arguments->reason).add("tunnel", arguments->tunnel).add("client", arguments->client);
    target.set("recent", arguments->recent || !arguments->tunnel.empty());
    exit_code = client::ask_admin({.socket = arguments->socket, .target = target.text(), .json = arguments->json});
  });
}

}  // namespace turnout
