#pragma once
#include "http_gateway/admin/admin_api.hpp"
#include "http_gateway/admin/journal_control.hpp"
#include "http_gateway/admin/program_control.hpp"
#include "http_gateway/server/server.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "journal/change_feed.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/simulation/world/world.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::testing {

/// Acts on a simulated hub, which goes on until it has answered. It loses power as its settings
/// say.
class world_desk final : public host::operator_desk {
public:
  explicit world_desk(world& hub) : hub_(hub) {}
  void act(host::operator_request request, host::responder_ptr to) override {
    if (refuses_notes && request.action.verb == journal::operator_verb::note) {
      host::call_response full;
      full.status = 503;
      return to->finished(std::move(full));
    }
    auto heard = hub_.wait_for(hub_.operate(std::move(request)));
    host::call_response reply;
    reply.status = static_cast<std::uint16_t>(heard.status);
    if (heard.status >= 400) { // As the hub words it.
      std::replace(heard.body.begin(), heard.body.end(), '"', '\'');
      reply.body = R"({"message":")" + heard.body + R"("})";
    }
    to->finished(std::move(reply));
  }
  bool refuses_notes = false; ///< The journal takes no record of what is on no object's own.

private:
  world& hub_;
};

/// The vendors of a simulated hub, for the thread that has it: what is asked for has happened when
/// it returns.
class world_vendors final : public host::vendor_control {
public:
  explicit world_vendors(world& hub) : hub_(hub) {}

  [[nodiscard]] std::vector<host::vendor_places> vendors() const override { return hub_.places(); }
  void operate_vendor(std::string vendor, host::vendor_verb verb, host::operator_note by,
                      host::responder_ptr to) override {
    struct told final : host::responder {
      explicit told(host::responder_ptr t) : to(std::move(t)) {}
      void accepted(std::string_view) override {}
      void finished(host::call_response r) override {
        to->finished(std::move(r));
        is_over = true;
      }
      host::responder_ptr to;
      bool is_over = false;
    };
    const auto answer = std::make_shared<told>(std::move(to));
    hub_.operate_vendor(vendor, verb, std::move(by), answer);
    hub_.run_until([&](world&) { return answer->is_over; });
  }
  bool probe_vendor(std::string_view vendor) override { return hub_.gate().probe_now(vendor); }
  [[nodiscard]] std::vector<host::seen_call> calls_of(std::string_view vendor) const override {
    return hub_.gate().calls(vendor);
  }
  [[nodiscard]] std::vector<host::call_record::point>
  series_of(std::string_view vendor, std::int64_t range_ms) const override {
    return hub_.gate().series(vendor, range_ms);
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

/// The way into a simulated hub for what a person has done with an event; likewise.
class world_ingress final : public host::ingress {
public:
  explicit world_ingress(world& hub) : hub_(hub) {}

  void record(host::call_request request, host::responder_ptr to) override {
    const auto answer = hub_.inform({request.service, request.key}, request.handler, request.body);
    host::call_response r;
    r.status = static_cast<std::uint16_t>(answer.status);
    r.body = answer.status < 300 ? answer.body : R"({"message":")" + answer.body + "\"}";
    to->finished(std::move(r));
  }
  void call(host::call_request request, host::responder_ptr to) override {
    record(std::move(request), std::move(to));
  }
  void attach(host::invocation_target, bool, host::responder_ptr) override {}
  void complete_awakeable(std::string, bool, std::string, host::responder_ptr) override {}
  void forget_gone(std::string_view) override {}
  [[nodiscard]] host::health_report health() const override { return {}; }

private:
  world& hub_;
};

/// A program one of whose vendors has another secret by now.
class program_of_world final : public http_gateway::program_control {
public:
  [[nodiscard]] found_settings look_at_settings() const override { return {{}, {"stripe"}, false}; }
  void read_settings_again() override {}
  [[nodiscard]] settings_in_force shown_settings() const override {
    return {"orderhub.toml",
            {{"listen", "127.0.0.1:8080", "default"},
             {"stripe.api_key", "set (sha256 ab12cd34)", "environment"}}};
  }
};

/// A journal's files as they are told to be; a backup that is wanted has begun.
class files_of_world final : public http_gateway::journal_control {
public:
  [[nodiscard]] files look() const override { return told; }
  void back_up(bool is_dry_run, std::function<void(backup_plan)> done) override {
    begun += is_dry_run ? 0 : 1;
    done({refused, "/var/backups/orderhub-20261130T084738.123Z", 4'096, 67'112'960, 1ULL << 30U});
  }
  compact_plan compact(bool is_dry_run) override {
    begun += is_dry_run || !refused.empty() ? 0 : 1;
    return {refused, 65'536, 8'192, 67'141'632, 1ULL << 30U};
  }
  files told = [] {
    files f;
    f.format = 2;
    f.rows = {{"lg", 3}, {"ob", 1}};
    f.file_bytes = 65'536;
    f.used_bytes = 40'960;
    f.free_page_bytes = 8'192;
    return f;
  }();
  std::string refused; ///< Why a backup or a compaction is.
  int begun = 0;
};

/// The admin listener in front of a simulated hub.
class admin_hub {
public:
  explicit admin_hub(world_settings settings = {}, const std::string& token = {})
      : admin_hub(std::move(settings), rules_with(token)) {}
  /// `streams`: at most so many. `session_key`: of its directory.
  admin_hub(world_settings settings, http_gateway::admin_access_rules rules,
            std::size_t streams = 64, std::string session_key = std::string(32, 'k'))
      : hub(telling(std::move(settings), changes)), people(hub),
        api_(door, std::move(rules), hub.time, {},
             http_gateway::admin_api::shown_hub{
                 host::operator_view({.journal = hub.stored(),
                                      .tables = hub.store,
                                      .time = hub.time,
                                      .services = hub.services(),
                                      .vendors = [this] { return hub.places(); },
                                      .waiting = [this] { return hub.waiting(); },
                                      .health = [this] { return door.health(); }}),
                 {"0.1.0", "mock", hub.time.wall_ms(), 0, {}, handlers::plan_of(hub.orders())},
                 &people,
                 &vendors_,
                 &desk_,
                 &events_,
                 &program_,
                 &changes,
                 {.most = streams, .has_thread = false},
                 &files,
                 secret(std::move(session_key))}) {
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
  /// To send to it what `send` cannot.
  [[nodiscard]] raw_client connect() const { return raw_client(web_->port()); }
  /// Its streams are told what is due, so long from now. Not while a request is under way.
  void tell_streams(std::int64_t in_ms = 1'000) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    api_.streams()->turn(std::chrono::duration_cast<std::chrono::milliseconds>(now).count() +
                         in_ms);
  }
  void set_access(http_gateway::admin_access_rules rules) { api_.set_access(std::move(rules)); }
  /// Does something: a POST with a JSON body.
  [[nodiscard]] raw_response act(std::string_view target, std::string_view body,
                                 std::string_view headers = {}) const {
    return send(post(target, body, "Content-Type: application/json\r\n" + std::string(headers)));
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(web_->port());
  }

  journal::change_feed changes;
  world hub; ///< Not while a request is under way: it has one thread.
  world_desk people;
  fake_ingress door;
  files_of_world files;
  http_gateway::webhook_metrics webhooks; ///< What the webhooks' door has counted.

private:
  static world_settings telling(world_settings settings, journal::change_feed& changes) {
    settings.journal.changes = &changes;
    return settings;
  }
  world_vendors vendors_{hub};
  world_ingress events_{hub};
  http_gateway::webhook_desk desk_{hub.stored(), events_, webhooks};
  program_of_world program_;
  http_gateway::admin_api api_;
  std::unique_ptr<http_gateway::server> web_;
};

} // namespace orderhub::testing
