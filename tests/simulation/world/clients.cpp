#include "tests/simulation/world/world.hpp"
#include "tests/support/must.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::testing {

namespace {

/// `{"code":…,"message":…}`: what it says to people.
std::string message_in(const std::string& body) {
  const auto j = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  return j.is_object() ? j.value("message", body) : body;
}

} // namespace

// ── What a test asks for ─────────────────────────────────────────────────────────────────────

std::size_t world::submit(const object_id& object, const std::string& handler, std::string body) {
  const auto number = ask(object, handler, std::move(body));
  clients_[number].one_way = true;
  return number;
}

std::size_t world::ask(const object_id& object, const std::string& handler, std::string body) {
  const auto number = clients_.size();
  client c;
  c.object = object;
  c.handler = handler;
  c.body = std::move(body);
  c.request_key = "client-" + std::to_string(number);
  clients_.push_back(std::move(c));
  ask_again(number);
  return number;
}

void world::ask_again(std::size_t number) {
  auto& c = clients_[number];
  ++c.asked;
  put("client " + std::to_string(number), time.true_ms() + latency(),
      to_object{c.object, from_client{number, invocation_id::make(time.true_ms(), random_)}});
}

world::answer world::call(const object_id& object, const std::string& handler,
                          const std::string& body) {
  return wait_for(ask(object, handler, body));
}

std::size_t world::tell(const object_id& object, const std::string& handler, std::string body) {
  const auto number = ask(object, handler, std::move(body));
  clients_[number].internal = true;
  return number;
}

std::size_t world::record(const object_id& object, const std::string& handler, std::string body,
                          std::string request_key) {
  const auto number = tell(object, handler, std::move(body));
  clients_[number].one_way = true;
  clients_[number].request_key = std::move(request_key);
  return number;
}

world::answer world::inform(const object_id& object, const std::string& handler,
                            const std::string& body) {
  return wait_for(tell(object, handler, body));
}

std::size_t world::operate(host::operator_request request) {
  const auto number = clients_.size();
  client c;
  c.object = request.object;
  c.handler = journal::name_of(request.action.verb);
  c.action = std::move(request);
  clients_.push_back(std::move(c));
  ask_again(number);
  return number;
}

void world::operate_vendor(const std::string& vendor, host::vendor_verb verb,
                           host::operator_note by, host::responder_ptr to) {
  struct nobody final : host::responder {
    void accepted(std::string_view) override {}
    void finished(host::call_response) override {}
  };
  if (!to)
    to = std::make_shared<nobody>();
  auto record = must(host::record_of(vendor, verb, std::move(by)));
  put("operator > " + vendor, time.true_ms(),
      to_object{record.object,
                host::operator_input{.invocation = {},
                                     .action = record.action,
                                     .to = host::switching(gate_, vendor, record, std::move(to))}});
}

bool world::resolve(std::string_view awakeable, result<std::string> value) {
  struct kept final : host::responder {
    void accepted(std::string_view /*id*/) override {}
    void finished(host::call_response r) override { status = r.status; }
    int status = 0;
  };
  const auto heard = std::make_shared<kept>();
  host::awakeable_input in;
  in.value = std::move(value);
  in.to = heard;
  intake_->complete_awakeable(awakeable, in);
  return run_until([&](world&) { return heard->status != 0; }) && heard->status < 300;
}

world::answer world::wait_for(std::size_t number) {
  const auto& c = clients_[number];
  if (!run_until([&](world&) { return c.heard.has_value(); })) {
    std::fprintf(stderr, "world: %s/%s was never answered\n", c.object.text().c_str(),
                 c.handler.c_str());
    std::abort();
  }
  return *c.heard;
}

// ── What comes through the door, and goes out of it ──────────────────────────────────────────

class world::client_responder final : public host::responder {
public:
  client_responder(world& w, std::size_t number) : world_(w), number_(number) {}

  void accepted(std::string_view id) override {
    if (const auto known = invocation_id::parse(id))
      world_.clients_[number_].invocation = *known;
  }
  void finished(host::call_response response) override {
    accepted(response.invocation_id);
    world_.hear(number_, {response.status, response.status < 400 ? std::move(response.body)
                                                                 : message_in(response.body)});
  }

private:
  world& world_;
  std::size_t number_;
};

void world::take_in(const from_client& in) {
  const auto& c = clients_[in.number];
  if (c.action) {
    host::operator_input action{c.action->invocation, c.action->action,
                                std::make_shared<client_responder>(*this, in.number),
                                c.action->begins, c.action->unchanged};
    if (!c.action->begins.empty())
      action.invocation = in.invocation;
    handle(c.object, std::move(action));
    return;
  }
  host::call_request request{.service = c.object.service,
                             .key = c.object.key,
                             .handler = c.handler,
                             .body = c.body,
                             .idempotency_key = c.request_key,
                             .one_way = c.one_way};
  asked_as_ = in.invocation;
  intake_->call(request, std::make_shared<client_responder>(*this, in.number),
                c.internal ? host::origin::inside : host::origin::outside);
}

void world::route(object_id object, host::object_event event) {
  handle(object, std::move(event));
}

void world::hear(std::size_t number, answer a) {
  auto& c = clients_[number];
  if (c.heard)
    return;
  c.heard = std::move(a);
  c.heard_at = time.true_ms();
}

} // namespace orderhub::testing
