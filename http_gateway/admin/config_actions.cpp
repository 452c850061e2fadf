// What an operator has the program itself do.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/program_control.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

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
