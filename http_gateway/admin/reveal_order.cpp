// What is masked everywhere else, shown once to somebody who says why: on record before it is
// shown.
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order.hpp"
#include "http_gateway/admin/action_body.hpp"
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "journal/base/text.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::order_objects;
using journal::record_kind;

constexpr std::size_t body_max = std::size_t{64} * 1024, bodies_max = 200;
constexpr std::size_t all_max = std::size_t{512} * 1024;

json text(std::string_view t) {
  return text_or_null<json>(t);
}

json address_json(const handlers::postal_address& a) {
  return {{"name", text(a.name)},       {"company", text(a.company)}, {"street", text(a.street)},
          {"street2", text(a.street2)}, {"city", text(a.city)},       {"state", text(a.state)},
          {"zip", text(a.zip)},         {"country", text(a.country)}, {"phone", text(a.phone)},
          {"email", text(a.email)}};
}

json customer_json(const order_objects& objects) {
  const auto* own = objects.find(handlers::order_object(objects.key));
  const auto* recorded = own != nullptr ? own->value("order") : nullptr;
  const auto placed = recorded != nullptr ? handlers::order::decode(*recorded)
                                          : result<handlers::order>(fail(error{}));
  if (!placed)
    return nullptr;
  return {{"name", text(placed->customer_name)},
          {"email", text(placed->customer_email)},
          {"phone", text(placed->customer_phone)},
          {"shipping", address_json(placed->shipping)}};
}

/// Collects bodies until there are too many, or of too many bytes.
class bodies {
public:
  void add_invocation(const std::string& object, const journal::invocation_state& i) {
    add(object, i, "input", {}, i.accepted_at, i.input.body);
    for (const auto& e : i.entries)
      if (e.kind == record_kind::effect)
        if (const auto intent = journal::decode_effect(e.payload))
          add(object, i, "request", intent->name, e.time, intent->body);
  }
  [[nodiscard]] bool is_whole() const { return is_whole_; }
  json take() { return std::move(list_); }

private:
  void add(const std::string& object, const journal::invocation_state& i, std::string_view what,
           std::string_view step, unix_ms at, const std::string& body) {
    if (body.empty())
      return;
    const bool fits = body.size() <= body_max && shown_ + body.size() <= all_max;
    if (!fits || list_.size() >= bodies_max)
      is_whole_ = false;
    if (list_.size() >= bodies_max)
      return;
    // What only our own objects see is no text.
    const bool is_text = is_utf8(body) && body.find('\0') == std::string::npos;
    shown_ += fits ? body.size() : 0;
    list_.push_back({{"what", what},
                     {"object", object},
                     {"invocation", i.id.text()},
                     {"step", text(step)},
                     {"at", time_json<json>(at)},
                     {"body_bytes", body.size()},
                     {"text", fits && is_text ? json(body) : json(nullptr)},
                     {"base64url", fits && !is_text ? json(base64url(body)) : json(nullptr)}});
  }

  json list_ = json::array();
  std::size_t shown_ = 0;
  bool is_whole_ = true;
};

} // namespace

admin_answer reveal_order(const admin_action& action, const admin_sources& from) {
  auto read = read_action_body(action.body, body_form::plain);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  const auto& body = std::get<0>(read);
  auto found = read_order(action.call.key(), from, handlers::order_part::all);
  if (auto* problem = std::get_if<admin_problem>(&found))
    return std::move(*problem);
  const auto& objects = std::get<0>(found);
  if (objects.is_purged())
    return problem_of(admin_reason::purged);
  const auto version = objects.version();
  if (body.expect_version && *body.expect_version != version)
    return problem_of(admin_reason::changed, {}, "expect_version");

  bodies all;
  for (const auto& row : objects.past.found)
    all.add_invocation(row.object.text(), row.invocation);
  for (const auto& state : objects.states)
    for (const auto& i : state.live)
      all.add_invocation(state.id.text(), i);
  const bool is_whole = all.is_whole() && objects.past.is_whole;
  auto shown = all.take();
  const bool dry = action.is_dry_run();
  const auto id = action_id_of(action.who, action.idempotency_key, action.call.key());
  json answer{{"audit_id", dry ? json(nullptr) : json(id)},
              {"version", version},
              {"effect", "accepted"},
              {"dry_run", dry},
              {"customer", nullptr},
              {"bodies", json::array()},
              {"bodies_count", shown.size()},
              {"complete", is_whole}};
  if (!dry) {
    auto record = signed_by(action.who, action.request_id);
    record.verb = journal::operator_verb::note;
    record.reason = body.reason;
    record.id = id;
    record.wanted = "reveal";
    record.target = objects.key.substr(0, 255);
    record.outcome = "accepted";
    host::operator_request request{handlers::order_object(objects.key), {}, std::move(record)};
    if (body.expect_version)
      request.unchanged = objects_as_seen(objects);
    const auto reply = act_now(action, std::move(request));
    if (reply.status == 412)
      return problem_of(admin_reason::changed, {}, "expect_version");
    if (reply.status == 409)
      return problem_of(admin_reason::idempotency_conflict, {}, "idempotency-key");
    if (reply.status != 202)
      return problem_of(admin_reason::unavailable, "Nobody said in time that it is on disk, so "
                                                   "nothing is shown; ask with the same "
                                                   "idempotency-key again.");
    answer["customer"] = customer_json(objects);
    answer["bodies"] = std::move(shown);
  }
  auto page = page_of(answer, std::to_string(version));
  page.status = dry ? 200 : 202;
  return page;
}

} // namespace orderhub::http_gateway
