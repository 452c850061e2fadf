#include "actors/handlers/deployments/deployment_service.hpp"

#include "actors/handlers/deployments/deployment.hpp"
#include "actors/handlers/deployments/deployment_workflow.hpp"
#include "actors/handlers/follow_up.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

using durable::context;
using durable::handler_definition;
using durable::handler_mode;

durable::service_definition deployment_service(settings_ptr settings) {
  durable::service_definition service;
  service.merge = &merge_deployment;

  handler_definition run;
  run.once = true;
  run.run = [settings](context ctx, std::string body) {
    return run_deployment(ctx, std::move(body), settings);
  };
  run.validate = [settings](std::string_view, std::string_view body) -> result<std::string> {
    auto wanted = check_deployment(body);
    if (!wanted)
      return wanted.failure();
    if (settings->repository.empty())
      return fail({error_kind::unavailable, "deployment",
                   "Nothing can be deployed: GITHUB_TOKEN and GITHUB_REPOSITORY are not set.",
                   503});
    return wanted->encode();
  };
  service.handlers.emplace("run", std::move(run));

  handler_definition get;
  get.mode = handler_mode::read;
  get.read = &deployment_status_of;
  service.handlers.emplace("GetStatus", std::move(get));

  handler_definition follow;
  follow.mode = handler_mode::shared;
  follow.internal = true;
  follow.run = [settings](context ctx, std::string body) {
    return follow_deployment_once(ctx, std::move(body), settings);
  };
  service.handlers.emplace(std::string(deployment_follower.handler), std::move(follow));

  handler_definition record;
  record.mode = handler_mode::event;
  record.internal = true;
  record.event = &record_deployment;
  service.handlers.emplace("RecordDeployment", record);
  record.event = [settings](const journal::object_state& state, std::string_view body) {
    return record_deployment_webhook(state, body, settings);
  };
  service.handlers.emplace("RecordWebhook", std::move(record));
  return service;
}

} // namespace orderhub::handlers
