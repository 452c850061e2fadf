// The rules of providers/contracts/README.md that hold for every service.
#include "providers/contracts/check/rules.hpp"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::contracts {

namespace {

using nlohmann::json;

bool is_made(const reply& answer) {
  return (answer.status() == 201 || answer.status() == 200) && answer.is_json();
}

std::string path_of(const subject& of, const std::string& reference) {
  return of.path + '/' + reference;
}

question lookup_of(const std::string& key) {
  return get_of("/v1/requests/" + key);
}

void check_missing_key(check_client& client, const subject& of, const reporter& report) {
  rule r("K1", "a POST without Idempotency-Key is refused, and does nothing", report);
  const auto reference = client.new_reference();
  auto asked = post_of(client, of.path, of.body(client.options(), reference));
  asked.key.clear();
  if (r.need_refusal(400, "missing_key", client.ask(asked)))
    r.need_refusal(404, of.unknown, client.ask(get_of(path_of(of, reference))));
  undo(client, of, reference);
}

void check_same_key(check_client& client, const subject& of, const reporter& report) {
  const auto reference = client.new_reference();
  const auto before = of.done_so_far(client);
  const auto asked = post_of(client, of.path, of.body(client.options(), reference));
  const auto first = client.ask(asked);
  {
    rule r("K2", "the same key with the same body is the same answer, and done once", report);
    if (r.need(is_made(first), first, "201 and application/json: the " + of.noun)) {
      const auto again = client.ask(asked);
      r.need(again.status() == first.status() && same_json(again.body(), first.body()), again,
             "as the first time: " + text_of(first));
      auto spaced = asked;
      spaced.body = json::parse(asked.body).dump(2);
      const auto other_form = client.ask(spaced);
      r.need(other_form.status() == first.status(), other_form,
             "as the first time, since blanks do not count: " + text_of(first));
      if (before >= 0)
        r.need(of.done_so_far(client) == before + 1, again, "one effect; there is another number");
    }
  }
  {
    rule r("K3", "the same key with another body is 422, and does nothing", report);
    auto other = asked;
    other.body = of.other_body(client.options(), reference);
    r.need_refusal(422, "key_reused", client.ask(other));
    auto elsewhere = asked;
    elsewhere.path = path_of(of, reference) + '/' + of.undo;
    elsewhere.body = "{}";
    r.need_refusal(422, "key_reused", client.ask(elsewhere));
    const auto stands = client.ask(get_of(path_of(of, reference)));
    r.need(stands.status() == 200 && member_text(stands.body(), "reference") == reference, stands,
           "200, and the " + of.noun + " that was made");
  }
  {
    rule r("L3", "GET by key says what was answered", report);
    const auto found = client.ask(lookup_of(asked.key));
    const auto object = json::parse(found.body(), nullptr, false);
    const bool is_right = object.is_object() && object.value("key", "") == asked.key &&
                          object.value("state", "") == "done" &&
                          member_text(found.body(), "status") == std::to_string(first.status()) &&
                          object.contains("answer") &&
                          same_json(object["answer"].dump(), first.body());
    r.need(found.status() == 200 && found.is_json() && is_right, found,
           R"(200 and application/json: {"key":")" + asked.key + R"(","state":"done","status":)" +
               std::to_string(first.status()) + R"(,"answer":)" + first.body() + '}');
  }
  undo(client, of, reference);
}

void check_unknown_key(check_client& client, const reporter& report) {
  rule r("L1", "GET by a key that was never used is 404 unknown_key", report);
  r.need_refusal(404, "unknown_key", client.ask(lookup_of(client.new_key())));
}

void check_at_once(check_client& client, const subject& of, const reporter& report) {
  rule r("K4", "two requests with one key at the same time are one effect", report);
  // Once may be luck.
  for (int round = 0; round < 5; ++round) {
    const auto reference = client.new_reference();
    const auto before = of.done_so_far(client);
    const auto asked = post_of(client, of.path, of.body(client.options(), reference));
    const auto both = client.ask_at_once({asked, asked});
    const auto& a = is_made(both[0]) ? both[0] : both[1];
    const auto& b = is_made(both[0]) ? both[1] : both[0];
    if (r.need(is_made(a), a, "201 and application/json: the " + of.noun + ", of one of the two")) {
      if (is_made(b))
        r.need(b.status() == a.status() && same_json(a.body(), b.body()), b,
               "the same as the other got: " + text_of(a));
      else
        r.need_refusal(409, "key_in_use", b);
      if (before >= 0)
        r.need(of.done_so_far(client) == before + 1, b, "one effect; there is another number");
    }
    undo(client, of, reference);
  }
}

void check_shapes(check_client& client, const subject& of, const reporter& report) {
  const auto reference = client.new_reference();
  {
    rule r("E2", "a request of the wrong shape is 400 with the field, and does nothing", report);
    for (const auto& wrong : of.wrong(client.options(), reference)) {
      const auto refused = client.ask(post_of(client, of.path, wrong.body));
      if (!r.need_refusal(400, "invalid_request", refused))
        break;
      const auto object = json::parse(refused.body(), nullptr, false);
      r.need(object["error"].value("field", "") == wrong.field, refused,
             "400 with \"field\":\"" + wrong.field + "\", since " + wrong.what);
    }
    r.need_refusal(404, of.unknown, client.ask(get_of(path_of(of, reference))));
  }
  {
    rule r("E3", "a body that is not application/json is 415, and does nothing", report);
    auto asked = post_of(client, of.path, of.body(client.options(), reference));
    asked.type = "text/plain";
    r.need_refusal(415, "unsupported_media_type", client.ask(asked));
    r.need_refusal(404, of.unknown, client.ask(get_of(path_of(of, reference))));
  }
  {
    rule r("K6", "a refused shape leaves the key free for the request as it should be", report);
    const auto wrong = of.wrong(client.options(), reference);
    auto asked = post_of(client, of.path, wrong.front().body);
    client.ask(asked);
    asked.body = of.body(client.options(), reference);
    const auto made = client.ask(asked);
    r.need(is_made(made), made, "201 and application/json: the " + of.noun);
  }
  undo(client, of, reference);
}

void check_undo(check_client& client, const subject& of, const reporter& report) {
  rule r("R1", "to " + of.undo + " is idempotent, under any key", report);
  const auto reference = client.new_reference();
  const auto made = client.ask(post_of(client, of.path, of.body(client.options(), reference)));
  r.need(is_made(made), made, "201 and application/json: the " + of.noun);
  for (int times = 0; times < 2; ++times) {
    const auto undone = client.ask(post_of(client, path_of(of, reference) + '/' + of.undo, "{}"));
    if (r.need_status(200, undone, "state " + of.undone))
      r.need(member_text(undone.body(), "state") == of.undone, undone, "state " + of.undone);
  }
  const auto never = path_of(of, client.new_reference()) + '/' + of.undo;
  r.need_refusal(404, of.unknown, client.ask(post_of(client, never, "{}")));
}

void check_path(check_client& client, const reporter& report) {
  rule r("E1", "a path that does not exist is 404 in the one shape of errors", report);
  const auto lost = client.ask(get_of("/v1/no-such-thing"));
  const auto object = json::parse(lost.body(), nullptr, false);
  r.need(lost.status() == 404 && lost.is_json() && object.is_object() && object.contains("error") &&
             object["error"].is_object() && object["error"].contains("code") &&
             object["error"]["code"] != "unknown_key",
         lost, "404 and application/json: {\"error\":{\"code\":…,\"message\":…}}");
}

} // namespace

question post_of(check_client& client, std::string path, std::string body) {
  return {"POST", std::move(path), client.new_key(), std::move(body), "application/json"};
}

question get_of(std::string path) {
  return {"GET", std::move(path), {}, {}, {}};
}

std::string member_text(const std::string& body, const char* name) {
  const auto object = json::parse(body, nullptr, false);
  if (!object.is_object() || !object.contains(name))
    return {};
  return object[name].is_string() ? object[name].get<std::string>() : object[name].dump();
}

bool same_json(const std::string& a, const std::string& b) {
  const auto x = json::parse(a, nullptr, false);
  return !x.is_discarded() && x == json::parse(b, nullptr, false);
}

void undo(check_client& client, const subject& of, const std::string& reference) {
  client.ask(post_of(client, path_of(of, reference) + '/' + of.undo, "{}"));
}

void check_common_rules(check_client& client, const subject& of, const reporter& report) {
  check_missing_key(client, of, report);
  check_same_key(client, of, report);
  check_at_once(client, of, report);
  check_unknown_key(client, report);
  check_path(client, report);
  check_shapes(client, of, report);
  check_undo(client, of, report);
}

result<void> check_contract(transport& net, const check_options& options,
                            const std::function<void(const rule_result&)>& report) {
  check_client client(net, options);
  const auto there = client.ask(get_of("/v1/requests/check-" + options.run));
  if (there.outcome.kind != outcome_kind::response)
    return fail({error_kind::unavailable, "contract.check",
                 "there is no answer from " + options.base + ": " + there.outcome.reason});
  if (there.status() == 401 || there.status() == 403)
    return fail({error_kind::invalid, "contract.check",
                 "the server refuses the token (" + std::to_string(there.status()) + ')'});
  for (const auto service : options.services) {
    auto done = service == service_kind::inventory   ? check_inventory(client, report)
                : service == service_kind::warehouse ? check_warehouse(client, report)
                                                     : check_carrier(client, report);
    if (!done)
      return done;
  }
  return {};
}

} // namespace orderhub::providers::contracts
