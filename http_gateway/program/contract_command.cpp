#include "http_gateway/program/commands.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"
#include "providers/contracts/check/check.hpp"
#include "providers/transport/curl_transport.hpp"
#include "providers/transport/url_policy.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <string>

namespace orderhub::http_gateway {
namespace {

namespace contracts = providers::contracts;

int refused(const std::string& message) {
  std::cerr << "orderhub contract check: " << message << '\n';
  return 2;
}

/// Without slashes and `/v1` at its end, as the hub's own settings take it.
std::string base_of(std::string url) {
  const auto trim = [&url] {
    while (url.ends_with('/'))
      url.pop_back();
  };
  trim();
  if (url.ends_with("/v1"))
    url.resize(url.size() - 3);
  trim();
  return url;
}

std::string name_of_run() {
  system_random random;
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  return hex_of(bytes);
}

} // namespace

int run_contract_check(const contract_command& command) {
  contracts::check_options options;
  options.base = base_of(command.url);
  if (providers::judge_url(options.base) == providers::url_kind::refused)
    return refused("URL must be https://, or http:// on this machine.");
  if (!providers::is_header_safe(command.token))
    return refused("--token must be one line.");
  options.token = secret(command.token);
  options.product = command.product;
  options.run = name_of_run();
  for (std::size_t i = 0; i < std::size(contracts::service_names); ++i)
    if (command.only.empty() || command.only == contracts::service_names[i])
      options.services.push_back(static_cast<contracts::service_kind>(i));

  std::size_t rules = 0;
  std::size_t broken = 0;
  providers::curl_transport net;
  const auto done =
      contracts::check_contract(net, options, [&](const contracts::rule_result& result) {
        std::cout << contracts::text_of(result) << std::flush;
        ++rules;
        broken += result.is_kept ? 0 : 1;
      });
  if (!done)
    return refused(done.error().message + '.');
  std::cout << "contract: " << rules << " rules, " << broken << " broken\n";
  return broken == 0 ? 0 : 1;
}

} // namespace orderhub::http_gateway
