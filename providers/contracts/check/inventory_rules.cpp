// What inventory.json says beside the common rules.
#include "providers/codec/form.hpp"
#include "providers/contracts/check/rules.hpp"

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::contracts {

namespace {

using nlohmann::json;

std::string body_with(const std::string& reference, json items) {
  return json{{"reference", reference},
              {"items", std::move(items)},
              {"metadata", {{"order_id", "orderhub-contract-check"}, {"step", "check"}}}}
      .dump();
}

json pieces(const check_options& o, std::int64_t quantity) {
  return json::array({{{"product_id", o.product}, {"quantity", quantity}}});
}

std::string sound_body(const check_options& o, const std::string& reference) {
  return body_with(reference, pieces(o, 1));
}

std::string other_body(const check_options& o, const std::string& reference) {
  return body_with(reference, pieces(o, 2));
}

std::vector<wrong_body> wrong_bodies(const check_options& o, const std::string& reference) {
  const auto line = [&](json quantity) {
    return json::array({{{"product_id", o.product}, {"quantity", std::move(quantity)}}});
  };
  return {
      {"quantity is a text", "items.0.quantity", body_with(reference, line("1"))},
      {"quantity is 0", "items.0.quantity", body_with(reference, line(0))},
      {"quantity is negative", "items.0.quantity", body_with(reference, line(-1))},
      {"quantity is no whole number", "items.0.quantity", body_with(reference, line(1.5))},
      {"product_id is a number", "items.0.product_id",
       body_with(reference, json::array({{{"product_id", 7}, {"quantity", 1}}}))},
      {"a product is named twice", "items.1.product_id",
       body_with(reference, json::array({{{"product_id", o.product}, {"quantity", 1}},
                                         {{"product_id", o.product}, {"quantity", 1}}}))},
      {"items is empty", "items", body_with(reference, json::array())},
      {"items is an object", "items", body_with(reference, json::object())},
      {"reference is missing", "reference", json{{"items", pieces(o, 1)}}.dump()},
      {"reference has a slash", "reference", body_with("a/b", pieces(o, 1))},
  };
}

/// Free pieces of the check's product; negative where it does not say.
std::int64_t available(check_client& client) {
  const auto listed =
      client.ask(get_of("/v1/stock?product_id=" + percent_encode(client.options().product)));
  const auto object = json::parse(listed.body(), nullptr, false);
  if (listed.status() != 200 || !object.is_object() || !object.contains("items") ||
      !object["items"].is_array() || object["items"].size() != 1 ||
      !object["items"][0].is_object() ||
      object["items"][0].value("product_id", "") != client.options().product)
    return -1;
  const auto& number = object["items"][0]["available"];
  return number.is_number_integer() ? number.get<std::int64_t>() : -1;
}

/// Each piece that is taken raises it by one.
std::int64_t taken(check_client& client) {
  const auto free = available(client);
  constexpr std::int64_t base = 1'000'000'000'000'000'000;
  return free < 0 ? -1 : base - free;
}

subject the_reservation() {
  subject s;
  s.noun = "reservation";
  s.path = "/v1/reservations";
  s.undo = "release";
  s.undone = "released";
  s.unknown = "unknown_reservation";
  s.body = &sound_body;
  s.other_body = &other_body;
  s.wrong = &wrong_bodies;
  s.done_so_far = &taken;
  return s;
}

/// A verb of a reservation, under a new key.
reply act(check_client& client, const std::string& reference, const char* verb) {
  return client.ask(post_of(client, "/v1/reservations/" + reference + '/' + verb, "{}"));
}

void check_reservation(check_client& client, const subject& of, const reporter& report) {
  const auto& o = client.options();
  const auto reference = client.new_reference();
  const auto before = available(client);
  const auto made = client.ask(post_of(client, of.path, sound_body(o, reference)));
  {
    rule r("I1", "a reservation takes its pieces out of the free stock", report);
    if (r.need_status(201, made, "the reservation, state held")) {
      const auto object = json::parse(made.body(), nullptr, false);
      r.need(object.value("reference", "") == reference && object.value("state", "") == "held" &&
                 object.contains("items") && object["items"] == pieces(o, 1),
             made, "reference " + reference + ", state held, items " + pieces(o, 1).dump());
      r.need(available(client) == before - 1, made,
             "one piece less in GET /v1/stock, " + std::to_string(before - 1));
    }
  }
  {
    rule r("I2", "one reference is one reservation, whatever the key", report);
    const auto again = client.ask(post_of(client, of.path, sound_body(o, reference)));
    if (r.need_status(200, again, "the reservation that stands"))
      r.need(same_json(again.body(), made.body()), again, made.body());
    r.need_refusal(409, "reference_in_use",
                   client.ask(post_of(client, of.path, other_body(o, reference))));
    r.need(available(client) == before - 1, again, "no further piece taken");
  }
  {
    rule r("I3", "to commit is idempotent, under any key", report);
    for (int times = 0; times < 2; ++times) {
      const auto sold = act(client, reference, "commit");
      if (r.need_status(200, sold, "state committed"))
        r.need(member_text(sold.body(), "state") == "committed", sold, "state committed");
    }
    r.need_refusal(404, of.unknown, act(client, client.new_reference(), "commit"));
  }
  {
    rule r("I4", "a release puts the pieces back, once, also those that were committed", report);
    r.need_status(200, act(client, reference, "release"), "state released");
    const auto again = act(client, reference, "release");
    r.need(available(client) == before, again,
           "GET /v1/stock as before, " + std::to_string(before) + " free");
    r.need_refusal(409, "not_held", act(client, reference, "commit"));
  }
  {
    rule r("I5", "a released reference can be reserved anew", report);
    const auto anew = client.ask(post_of(client, of.path, other_body(o, reference)));
    if (r.need_status(201, anew, "the new reservation, state held"))
      r.need(available(client) == before - 2, anew, "two pieces taken");
    act(client, reference, "release");
  }
}

void check_shortage(check_client& client, const subject& of, const reporter& report) {
  rule r("I6", "too much is 409 out_of_stock with the lines, and takes nothing", report);
  const auto& o = client.options();
  const auto reference = client.new_reference();
  const auto before = available(client);
  const auto too_much = before + 1'000'000;
  const auto asked = post_of(client, of.path, body_with(reference, pieces(o, too_much)));
  const auto refused = client.ask(asked);
  if (r.need_refusal(409, "out_of_stock", refused)) {
    const json line{{"product_id", o.product}, {"requested", too_much}, {"available", before}};
    const auto object = json::parse(refused.body(), nullptr, false);
    const auto lines = object["error"].value("lines", json::array());
    r.need(lines.is_array() && lines.size() == 1 && lines[0].is_object() &&
               lines[0].value("product_id", "") == o.product &&
               lines[0].value("requested", json()) == json(too_much) &&
               lines[0].value("available", json()) == json(before),
           refused, "\"lines\":[" + line.dump() + ']');
    const auto again = client.ask(asked);
    r.need(again.status() == refused.status() && same_json(again.body(), refused.body()), again,
           "the same key: the same decision");
    r.need_refusal(404, of.unknown, client.ask(get_of(of.path + '/' + reference)));
    r.need(available(client) == before, refused, "no piece taken");
  }
}

} // namespace

result<void> check_inventory(check_client& client, const reporter& report) {
  constexpr std::int64_t needed = 10;
  if (available(client) < needed)
    return fail({error_kind::invalid, "contract.check",
                 "GET /v1/stock does not say that ten pieces of '" + client.options().product +
                     "' are free: name a product of the server with --product"});
  const auto of = the_reservation();
  check_common_rules(client, of, report);
  check_reservation(client, of, report);
  check_shortage(client, of, report);
  return {};
}

} // namespace orderhub::providers::contracts
