#include "actors/handlers/objects.hpp"
#include "journal/key.hpp"
#include "journal/object_row.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <array>
#include <string>
#include <vector>

// A finished order is erased, or purged, wherever the machine loses power meanwhile.
namespace orderhub::testing {

namespace {

using journal::operator_verb;
using journal::table;

constexpr std::array personal = {"ada@example.com", "Ada Lovelace", "1 Main St"};

std::vector<object_id> parts() {
  // As the admin API does it: the order's own last.
  return {handlers::notification_object("1"), handlers::shipment_object("1"), order_object("1")};
}

host::operator_request request_of(operator_verb verb, const object_id& object) {
  host::operator_request r;
  r.object = object;
  r.action.verb = verb;
  r.action.who = "ada";
  r.action.via = "token";
  r.action.role = "admin";
  r.action.reason = "the customer asked";
  r.action.id = "one";
  if (verb == operator_verb::purge && object == order_object("1"))
    r.action.wanted = "tombstone";
  return r;
}

std::string text_of(const journal::invocation_state& i) {
  auto text = i.input.body + i.output;
  for (const auto& e : i.entries)
    text += e.payload;
  return text;
}

/// What of a customer stands in rows of objects and of what they did.
std::vector<std::string> personal_rows(const world& w) {
  std::vector<std::string> found;
  const auto look = [&](const std::string& where, const std::string& text) {
    for (const std::string_view word : personal)
      if (text.find(word) != std::string::npos)
        found.push_back(where + " has " + std::string(word));
  };
  const auto rows = must(w.store.read());
  REQUIRE(rows->scan(table::ob, {}, [&](auto, auto value) {
    const auto state = must(journal::decode_object(value));
    for (const auto& [name, of] : state.values)
      look(state.id.text() + ' ' + name, of);
    return true;
  }));
  REQUIRE(rows->scan(table::iv, {}, [&](auto, auto value) {
    const auto row = must(journal::decode_invocation_row(value));
    look(row.object.text() + ' ' + row.invocation.input.handler, text_of(row.invocation));
    return true;
  }));
  return found;
}

std::vector<std::string> run_one(operator_verb verb, const world_settings& settings,
                                 std::vector<std::string_view>* points = nullptr) {
  world w(settings);
  w.submit(order_object("1"), "ProcessOrder", order_body());
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  const auto before = w.order("1");
  for (const auto& object : parts())
    if (const auto reply = w.wait_for(w.operate(request_of(verb, object))); reply.status != 202)
      problems.push_back(object.text() + " was answered " + std::to_string(reply.status));
  w.run();
  if (points != nullptr)
    *points = w.points(); // What is looked at behind these is looked at once.
  w.fold();
  for (auto& p : personal_rows(w))
    problems.push_back(std::move(p));
  const auto after = w.order("1");
  if (verb == operator_verb::erase) {
    for (const auto* name : {"status", "paymentId", "labelId", "trackingNumber", "total"})
      if (field(after.body, name) != field(before.body, name))
        problems.push_back(std::string(name) + " was " + field(before.body, name) + " and is " +
                           field(after.body, name));
  } else {
    if (after.status != 404)
      problems.emplace_back("it is still there");
    if (const auto again = w.call(order_object("1"), "ProcessOrder", order_body());
        again.status != 409)
      problems.push_back("its key is taken again: " + std::to_string(again.status));
  }
  if (w.effects("1", providers::mock::effect_kind::charge) != 1)
    problems.emplace_back("it was not charged once");
  return problems;
}

} // namespace

TEST_CASE("what was erased or purged stays so, wherever the machine loses power",
          "[orders][erase][crash]") {
  std::uint64_t salt = 0;
  for (const auto verb : {operator_verb::erase, operator_verb::purge})
    for (const auto seed : seeds(1, 2)) {
      world_settings settings;
      settings.seed = seed;
      std::vector<std::string_view> points;
      const auto clean = run_one(verb, settings, &points);
      INFO(name_of(verb) << ", seed " << seed << '\n' << joined(clean));
      CHECK(clean.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        auto crashing = settings;
        crashing.crash_at = {at};
        const auto problems = run_one(verb, crashing);
        INFO(name_of(verb) << ", seed " << seed << ", crash at point " << at << ", "
                           << points[at - 1] << '\n'
                           << joined(problems));
        CHECK(problems.empty());
      }
    }
}

} // namespace orderhub::testing
