// What warehouse.json and carrier.json say beside the common rules.
#include "providers/contracts/check/rules.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::contracts {

namespace {

using nlohmann::json;

json destination_of(const std::string& street) {
  return {{"name", "Contract Check"}, {"street", street}, {"city", "Springfield"}, {"state", "IL"},
          {"zip", "62701"},           {"country", "US"}};
}

json body_of(const std::string& reference, const std::string& street) {
  return {{"reference", reference},
          {"ship_to", destination_of(street)},
          {"metadata", {{"order_id", "orderhub-contract-check"}, {"step", "check"}}}};
}

std::string pickup_body(const check_options& /*options*/, const std::string& reference) {
  return body_of(reference, "1 Main St").dump();
}

std::string other_pickup_body(const check_options& /*options*/, const std::string& reference) {
  return body_of(reference, "2 Main St").dump();
}

std::string ticket_with(const std::string& reference, json items) {
  auto body = body_of(reference, "1 Main St");
  body["items"] = std::move(items);
  return body.dump();
}

json pieces(const check_options& o, json quantity) {
  return json::array({{{"product_id", o.product}, {"quantity", std::move(quantity)}}});
}

std::string ticket_body(const check_options& o, const std::string& reference) {
  return ticket_with(reference, pieces(o, 1));
}

std::string other_ticket_body(const check_options& o, const std::string& reference) {
  return ticket_with(reference, pieces(o, 2));
}

/// `sound` with one member of its destination, or the reference, made wrong.
std::vector<wrong_body> wrong_members(const std::string& sound) {
  const auto with = [&](const char* pointer, json value) {
    auto body = json::parse(sound);
    body[json::json_pointer(pointer)] = std::move(value);
    return body.dump();
  };
  auto no_reference = json::parse(sound);
  no_reference.erase("reference");
  return {{"ship_to is a text", "ship_to", with("/ship_to", "1 Main St")},
          {"street is a number", "ship_to.street", with("/ship_to/street", 1)},
          {"country is empty", "ship_to.country", with("/ship_to/country", "")},
          {"reference has a slash", "reference", with("/reference", "a/b")},
          {"reference is missing", "reference", no_reference.dump()}};
}

std::vector<wrong_body> wrong_pickups(const check_options& o, const std::string& reference) {
  return wrong_members(pickup_body(o, reference));
}

std::vector<wrong_body> wrong_tickets(const check_options& o, const std::string& reference) {
  auto all = wrong_members(ticket_body(o, reference));
  all.push_back({"quantity is a text", "items.0.quantity", ticket_with(reference, pieces(o, "1"))});
  all.push_back({"quantity is 0", "items.0.quantity", ticket_with(reference, pieces(o, 0))});
  all.push_back({"items is empty", "items", ticket_with(reference, json::array())});
  return all;
}

/// No service says how many it has made.
std::int64_t nobody_counts(check_client& /*client*/) {
  return -1;
}

struct job_document {
  std::array<std::string_view, 3> states; ///< Of one that was just made.
  std::string_view letter;                ///< Of its rules.
};

void check_job(check_client& client, const subject& of, const job_document& document,
               const reporter& report) {
  const auto& o = client.options();
  const auto reference = client.new_reference();
  const auto name = [&](int number) {
    return std::string(document.letter) + std::to_string(number);
  };
  const auto is_new = [&](const reply& answer) {
    const auto state = member_text(answer.body(), "state");
    return member_text(answer.body(), "reference") == reference &&
           (state == document.states[0] || state == document.states[1] ||
            state == document.states[2]);
  };
  const auto wanted = "reference " + reference + ", state " + std::string(document.states[0]) +
                      ", " + std::string(document.states[1]) + " or " +
                      std::string(document.states[2]);
  {
    rule r(name(1), "a new " + of.noun + " says how it stands, and can be read", report);
    const auto made = client.ask(post_of(client, of.path, of.body(o, reference)));
    if (r.need_status(201, made, wanted))
      r.need(is_new(made), made, wanted);
    const auto read = client.ask(get_of(of.path + '/' + reference));
    if (r.need_status(200, read, wanted))
      r.need(is_new(read), read, wanted);
  }
  {
    rule r(name(2), "one reference is one " + of.noun + ", whatever the key", report);
    const auto again = client.ask(post_of(client, of.path, of.body(o, reference)));
    if (r.need_status(200, again, wanted))
      r.need(is_new(again), again, wanted);
    r.need_refusal(409, "reference_in_use",
                   client.ask(post_of(client, of.path, of.other_body(o, reference))));
  }
  {
    rule r(name(3), "what was cancelled says so, and can be asked for anew", report);
    client.ask(post_of(client, of.path + '/' + reference + "/cancel", "{}"));
    const auto read = client.ask(get_of(of.path + '/' + reference));
    r.need(member_text(read.body(), "state") == "cancelled", read, "state cancelled");
    const auto anew = client.ask(post_of(client, of.path, of.other_body(o, reference)));
    if (r.need_status(201, anew, wanted))
      r.need(is_new(anew), anew, wanted);
    client.ask(post_of(client, of.path + '/' + reference + "/cancel", "{}"));
  }
}

subject a_job(const char* noun, const char* path, const char* unknown) {
  subject s;
  s.noun = noun;
  s.path = path;
  s.undo = "cancel";
  s.undone = "cancelled";
  s.unknown = unknown;
  s.done_so_far = &nobody_counts;
  return s;
}

} // namespace

result<void> check_warehouse(check_client& client, const reporter& report) {
  auto of = a_job("pick ticket", "/v1/pick_tickets", "unknown_pick_ticket");
  of.body = &ticket_body;
  of.other_body = &other_ticket_body;
  of.wrong = &wrong_tickets;
  check_common_rules(client, of, report);
  check_job(client, of, {{"open", "picking", "packed"}, "W"}, report);
  return {};
}

result<void> check_carrier(check_client& client, const reporter& report) {
  auto of = a_job("pickup", "/v1/pickups", "unknown_pickup");
  of.body = &pickup_body;
  of.other_body = &other_pickup_body;
  of.wrong = &wrong_pickups;
  check_common_rules(client, of, report);
  check_job(client, of, {{"requested", "scheduled", "picked_up"}, "C"}, report);
  return {};
}

} // namespace orderhub::providers::contracts
