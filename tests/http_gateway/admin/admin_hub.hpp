#pragma once
#include "http_gateway/admin/admin_api.hpp"
#include "http_gateway/server/server.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/simulation/world/world.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::testing {

/// Acts on a simulated hub, which goes on until it has answered. It loses power as its settings
/// say.
class world_desk final : public host::operator_desk {
public:
  explicit world_desk(world& hub) : hub_(hub) {}
  void act(host::operator_request request, host::responder_ptr to) override {
    auto heard = hub_.wait_for(hub_.operate(std::move(request)));
    host::call_response reply;
    reply.status = static_cast<std::uint16_t>(heard.status);
    if (heard.status >= 400) { // As the hub words it.
      std::replace(heard.body.begin(), heard.body.end(), '"', '\'');
      reply.body = R"({"message":")" + heard.body + R"("})";
    }
    to->finished(std::move(reply));
  }

private:
  world& hub_;
};

inline http_gateway::admin_access_rules rules_with(const std::string& token) {
  http_gateway::admin_access_rules rules;
  if (!token.empty())
    rules.tokens.push_back(
        http_gateway::token_of("env", http_gateway::admin_role::admin, secret(token)));
  return rules;
}

/// The admin listener in front of a simulated hub.
class admin_hub {
public:
  explicit admin_hub(world_settings settings = {}, const std::string& token = {})
      : admin_hub(std::move(settings), rules_with(token)) {}
  admin_hub(world_settings settings, http_gateway::admin_access_rules rules)
      : hub(std::move(settings)), desk_(hub),
        api_(
            door, std::move(rules), hub.time, [] { return http_gateway::server_metrics{}; }, {},
            http_gateway::admin_api::shown_hub{
                host::operator_view({.journal = hub.stored(),
                                     .tables = hub.store,
                                     .time = hub.time,
                                     .vendors = [this] { return hub.places(); },
                                     .waiting = [this] { return hub.waiting(); },
                                     .health = [this] { return door.health(); }}),
                {"0.1.0", "mock", hub.time.wall_ms(), 0},
                &desk_}) {
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
  /// An action.
  [[nodiscard]] raw_response act(const std::string& target, const std::string& body,
                                 const std::string& headers = {}) const {
    return send("POST " + target +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + headers +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  void set_access(http_gateway::admin_access_rules rules) { api_.set_access(std::move(rules)); }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(web_->port());
  }

  world hub; ///< Not while a request is under way: it has one thread.
  fake_ingress door;

private:
  world_desk desk_;
  http_gateway::admin_api api_;
  std::unique_ptr<http_gateway::server> web_;
};

} // namespace orderhub::testing
