#include "main/probe_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "probe/run.h"

namespace turnout {

void add_probe_command(CLI::App& app, int& exit_code) {
  CLI::App* probe =
      app.add_subcommand("probe", "Say what a URL can switch to, whether each switch is sound, and if not, why");
  auto arguments = std::make_shared<probe::Arguments>();
  probe->add_option("URL", arguments->url, "http, https, ws or wss; http where the scheme is left out")->required();
  probe->add_option("--token", arguments->tokens, "Offer this, and nothing else; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  probe->add_option("--compare", arguments->compare, "Ask there too, and say what the way to URL changes")
      ->type_name("URL");
  probe->add_option("--http", arguments->http, "Ask in this version of HTTP only")
      ->type_name("1.0|1.1|2")
      ->check(CLI::IsMember({"1.0", "1.1", "2"}));
  probe->add_option("--origin", arguments->origin, "The field Origin; none leaves it out (the URL's own)")
      ->type_name("ORIGIN|none");
  probe->add_option("--subprotocol", arguments->subprotocols, "Offer this Sec-WebSocket-Protocol; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  probe->add_option("-H,--header", arguments->headers, "Send this field too, or instead of the probe's own")
      ->type_name("'NAME: VALUE'")
      ->allow_extra_args(false);
  probe->add_option("--method", arguments->method, "Ask with this method")->type_name("METHOD");
  CLI::Option* data =
      probe->add_option("-d,--data", arguments->data, "The body of the request, as a POST")->type_name("TEXT");
  CLI::Option* send =
      probe->add_option("--send", arguments->send, "Say this in a protocol that the probe does not know")
          ->type_name("TEXT");
  probe->add_flag("--half-close", arguments->half_close, "See whether our end, behind --send, ends the answer too")
      ->needs(send);
  probe
      ->add_option("--message-bytes", arguments->message_bytes,
                   "Send an echo a message of this size, and find the limit")
      ->type_name("N");
  probe->add_flag("--early-bytes", arguments->early_bytes,
                  "See whether bytes behind the request, before its 101, arrive");
  probe->add_option("--hold", arguments->hold, "Leave connections open so long, to find what cuts them off")
      ->type_name("90s|5m");
  probe->add_flag("--security", arguments->security,
                  "Also try what an attacker would; standard error says what is sent");
  probe->add_flag("--json", arguments->json, "Print the facts, for a program");
  probe->add_flag("-v,--verbose", arguments->verbose, "Show each exchange, with the rules that it breaks");
  probe->add_flag("-k,--insecure", arguments->insecure, "Take any certificate");
  probe->add_option("--cacert", arguments->ca_file, "Trust the authorities in this PEM file too")->type_name("FILE");
  probe->add_option("--timeout", arguments->timeout_seconds, "For each step (10)")->type_name("SECONDS");
  probe->footer(probe::exit_codes_help);
  probe->callback([arguments, data, send, &exit_code] {
    arguments->has_data = data->count() != 0;
    arguments->has_send = send->count() != 0;
    exit_code = probe::run(*arguments);
  });
}

}  // namespace turnout
