#pragma once
#include "http_gateway/admin/admin_api.hpp"
#include "http_gateway/server/server.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/simulation/world/world.hpp"
#include "tests/support/catch2.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace orderhub::testing {

/// The admin listener in front of a simulated hub.
class admin_hub {
public:
  explicit admin_hub(world_settings settings = {}, const std::string& token = {})
      : hub(std::move(settings)),
        api_(door, secret(token), {},
             http_gateway::admin_api::shown_hub{
                 host::operator_view({.journal = hub.stored(),
                                      .tables = hub.store,
                                      .time = hub.time,
                                      .vendors = [this] { return hub.places(); },
                                      .waiting = [this] { return hub.waiting(); },
                                      .health = [this] { return door.health(); }}),
                 {"0.1.0", "mock", hub.time.wall_ms(), 0}}) {
    auto started = http_gateway::server::start({}, api_);
    REQUIRE(started);
    web_ = std::move(*started);
  }

  [[nodiscard]] raw_response send(std::string_view bytes, bool head = false) const {
    raw_client c(web_->port());
    REQUIRE(c.send(bytes));
    auto r = c.read(head);
    REQUIRE(r);
    return *r;
  }
  [[nodiscard]] raw_response ask(std::string_view target, std::string_view headers = {}) const {
    return send(get(target, headers));
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(web_->port());
  }

  world hub; ///< Not while a request is under way: it has one thread.
  fake_ingress door;

private:
  http_gateway::admin_api api_;
  std::unique_ptr<http_gateway::server> web_;
};

} // namespace orderhub::testing
