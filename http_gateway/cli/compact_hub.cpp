#include "http_gateway/cli/compact_hub.hpp"

#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/client.hpp"

#include <chrono>
#include <thread>
#include <variant>

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr auto between_looks = std::chrono::milliseconds(200);

/// The last one, when none runs any more.
std::variant<json, int> when_ended(const client& hub, std::ostream& err) {
  for (;; std::this_thread::sleep_for(between_looks)) {
    const auto body = body_of(hub.get("/admin/journal"), err);
    if (const auto* status = std::get_if<int>(&body))
      return *status;
    const auto page = json::parse(std::get<std::string>(body), nullptr, false);
    const auto shown = page.is_object() ? page.value("compaction", json()) : json();
    if (!shown.is_object() || !shown.contains("running") || !shown.contains("last")) {
      err << "orderhub: the hub does not say how it goes\n";
      return static_cast<int>(wrong_use);
    }
    if (shown["running"].is_null())
      return shown["last"];
  }
}

} // namespace

std::optional<int> compact_by_hub(const std::string& data_dir, const std::string& reason,
                                  const environment_reader& environment, std::ostream& out,
                                  std::ostream& err) {
  const auto socket = data_dir + "/admin.sock";
  if (::access(socket.c_str(), F_OK) != 0)
    return {};
  const auto address = admin_address_of("unix:" + socket, {}, environment, 0);
  if (!address)
    return {};
  const client hub(address->url, address->token, address->socket);
  if (!hub.get("/admin/journal"))
    return {}; // It was left there.
  if (reason.empty()) {
    err << "orderhub: a hub runs on '" << data_dir
        << "' and compacts its journal itself; say why: --reason\n";
    return wrong_use;
  }
  const auto begun = body_of(
      hub.post("/admin/journal/compact", json{{"reason", reason}}.dump(), new_action_key()), err);
  if (const auto* status = std::get_if<int>(&begun))
    return *status;
  const auto ended = when_ended(hub, err);
  if (const auto* status = std::get_if<int>(&ended))
    return *status;
  const auto& run = std::get<json>(ended);
  if (!run.is_object() || !run.value("failed", json()).is_null()) {
    err << "orderhub: "
        << (run.is_object() ? run["failed"].get<std::string>()
                            : std::string("the hub was started again meanwhile; compact again"))
        << '\n';
    return wrong_use;
  }
  out << "compact: data.mdb had " << run.value("before_bytes", json()) << " bytes and has "
      << run.value("after_bytes", json()) << ", beside its hub\n";
  return done;
}

} // namespace orderhub::http_gateway::cli
