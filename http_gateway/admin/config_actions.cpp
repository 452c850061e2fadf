// The settings of the program, and what an operator has it do with them.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/program_control.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

admin_answer config_page(const admin_call&, const admin_sources& from) {
  if (from.program == nullptr)
    return problem_of(admin_reason::unavailable, "This hub does not show its settings.");
  using json = nlohmann::ordered_json;
  const auto in_force = from.program->shown_settings();
  json settings = json::object();
  for (const auto& s : in_force.settings)
    settings[s.name] = {{"value", s.value}, {"from", s.from}};
  return page_of(
      json{{"file", text_or_null<json>(in_force.file)}, {"settings", std::move(settings)}});
}

void reload_config(operator_action action, const admin_sources& from) {
  if (from.program == nullptr)
    return action.refuse({admin_reason::unavailable, "This hub does not take that.", {}, {}, {}});
  const auto found = from.program->look_at_settings();
  if (!found.refused.empty())
    return action.refuse({admin_reason::not_possible, found.refused, {}, {}, {}});
  const nlohmann::ordered_json plan = {{"credentials", found.credentials},
                                       {"restart_needed", found.restart_needed}};
  if (!action.is_dry_run())
    from.program->read_settings_again();
  action.accept(plan.dump());
}

} // namespace orderhub::http_gateway
