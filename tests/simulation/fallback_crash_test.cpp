// A second provider of mails and of SMS, and the machine loses power.
#include "http_gateway/settings/custom_from.hpp"
#include "providers/custom/description.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/explained.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

namespace {

using host::vendor_verb;
using providers::mock::effect_kind;

/// What becomes of one kind of notice.
struct way {
  const char* vendor;
  const char* operation; ///< Of the mock.
  const char* step;
  effect_kind kind;
  const char* provider;
};
constexpr way by_mail = {"sendgrid", "mail", "mail_confirm", effect_kind::mail, "backup_mail"};
constexpr way by_sms = {"twilio", "sms", "sms_confirm", effect_kind::sms, "backup_sms"};

providers::custom::description_ptr page(const char* name, const char* instead_of,
                                        const char* receiver) {
  const std::string text =
      std::string(R"({"instead_of":")") + instead_of +
      R"(","path":"/orders/{{reference}}","key_header":"Idempotency-Key","doubt":"replay_key 20h",)"
      R"("proof":"/id","body":{"order":"{{order_id}}","event":"{{event}}","to":"{{)" +
      receiver + R"(}}","text":"{{text}}"}})";
  return must(http_gateway::custom_from(name, text)).what;
}

world_settings with_backups(std::string_view faults) {
  auto s = with_faults(faults);
  s.orders = mock_order_settings();
  s.orders.sms = true;
  s.orders.sms_from = "+15005550006";
  s.orders.public_url = "https://hub.example.com"; // By it the ledger knows whose an SMS is.
  s.orders.custom = {page("backup_mail", "sendgrid.send_mail", "email"),
                     page("backup_sms", "twilio.send_sms", "phone")};
  return s;
}

std::string fault(const way& of, const std::string& rest) {
  return std::string(R"({"vendor":")") + of.vendor + R"(","operation":")" + of.operation + "\"," +
         rest + '}';
}

struct told final : host::responder {
  void accepted(std::string_view) override {}
  void finished(host::call_response r) override { status = r.status; }
  int status = 0;
};

/// A person decides; says it again where power was lost before it was answered.
void decide(world& w, const char* vendor, vendor_verb verb) {
  for (;;) {
    const auto answer = std::make_shared<told>();
    const auto crashes = w.crashes();
    w.operate_vendor(vendor, verb, {"ada", "cli", "it is down"}, answer);
    w.run_until([&](world& now) { return answer->status != 0 || now.crashes() != crashes; });
    if (answer->status != 0)
      return;
  }
}

struct outcome {
  std::size_t first = 0, second = 0; ///< How often each has sent it.
  std::string notice;
  std::string why_second; ///< As its explanation says it.
  std::vector<std::string> problems;
  std::size_t points = 0;
};

outcome run(const world_settings& s, const way& of, std::optional<vendor_verb> decided) {
  world w(s);
  if (decided)
    decide(w, of.vendor, *decided);
  w.ask(order_object("1"), "ProcessOrder",
        R"({"items":[{"productId":"sku-1","quantity":1,"price":1500}],)"
        R"("customer":{"email":"ada@example.com","name":"Ada","phone":"+12175550100"},)"
        R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})");
  outcome o;
  if (!w.run())
    o.problems.emplace_back("it has not come to rest");
  add_unended(w, o.problems);
  o.first = w.effects("1", of.kind, of.step);
  o.second = w.effects("1", effect_kind::custom_call, of.step);
  o.notice = field(field(w.order("1").body, "notices"), of.step);
  for (const auto& step : explained(w).steps)
    if (step.name == std::string(of.step) + "_instead")
      o.why_second = step.moments.front().what.text;
  o.points = w.points().size();
  return o;
}

std::string shown(const outcome& o) {
  return "first " + std::to_string(o.first) + ", second " + std::to_string(o.second) + ", " +
         o.notice + '\n' + joined(o.problems);
}

enum class sender : std::uint8_t {
  second, ///< Nothing can be in doubt at the first: the second one sends, whatever happens.
  either, ///< The second one, and where power is lost while the first one's call is out, the
          ///< first: exactly one of both.
  first,  ///< Never the second one.
  nobody, ///< The message's own fault.
};

struct situation {
  const char* what;
  way of;
  std::string faults;
  std::optional<vendor_verb> decided;
  sender sends;
  const char* why; ///< In what is said of the second one's step.
};

std::vector<std::string> wrong(const situation& s, const outcome& o, bool crashed) {
  auto problems = o.problems;
  const bool by_second = o.second == 1 && o.first == 0;
  const bool by_first = o.second == 0 && o.first == 1;
  const bool repeats = s.of.kind == effect_kind::mail; // In doubt a mail may come twice.
  const bool right = s.sends == sender::second   ? by_second
                     : s.sends == sender::either ? by_second || (crashed && by_first)
                     : s.sends == sender::first
                         ? o.second == 0 && (o.first == 1 || (repeats && o.first > 0))
                         : o.second == 0 && o.first == 0;
  const auto expected = s.sends == sender::nobody ? std::string("failed: ")
                        : by_second               ? std::string("sent: by custom.") + s.of.provider
                                                  : std::string("sent");
  if (!right)
    problems.emplace_back("sent by the wrong one");
  if (!(s.sends == sender::nobody ? o.notice.starts_with(expected) : o.notice == expected))
    problems.push_back("its notice is not " + expected);
  if (by_second && o.why_second.find(s.why) == std::string::npos)
    problems.push_back("said of it: " + o.why_second);
  return problems;
}

} // namespace

TEST_CASE("one of two providers sends it, and never both, wherever the machine loses power",
          "[orders][fallback][crash]") {
  const std::vector<situation> all = {
      {"the mail's breaker is held open", by_mail, "[]", vendor_verb::open, sender::second,
       "because SendGrid had not sent it: sendgrid is held open by an operator."},
      {"its vendor is paused", by_mail, "[]", vendor_verb::pause, sender::second,
       "because SendGrid had not sent it: sendgrid is paused by an operator."},
      {"SMS are paused", by_sms, "[]", vendor_verb::pause, sender::second,
       "because Twilio had not sent it: twilio is paused by an operator."},
      {"the credential is refused", by_mail,
       fault(by_mail, R"("always":true,"times":3,"effect":"unauthorized")"), std::nullopt,
       sender::either, "because SendGrid had not sent it: sendgrid refuses our credential: 401"},
      {"SMS: the credential is refused", by_sms,
       fault(by_sms, R"("always":true,"times":3,"effect":"unauthorized")"), std::nullopt,
       sender::either, "because Twilio had not sent it: twilio refuses our credential: 401"},
      {"no route to that number", by_sms,
       fault(by_sms, R"("always":true,"effect":"refuse","code":"21612")"), std::nullopt,
       sender::second, "because Twilio had not sent it: 400: 21612"},
      {"who has opted out gets no SMS by another way", by_sms,
       fault(by_sms, R"("always":true,"effect":"refuse","code":"21610")"), std::nullopt,
       sender::nobody, ""},
      {"a mail whose answer is lost stays where it was", by_mail,
       fault(by_mail, R"("nth":1,"effect":"drop_after")"), std::nullopt, sender::first, ""},
      {"an SMS whose answer is lost is looked up there", by_sms,
       fault(by_sms, R"("nth":1,"effect":"drop_after")"), std::nullopt, sender::first, ""},
      {"a mail that is done late is not done by another", by_mail,
       fault(by_mail, R"("nth":1,"effect":"late_work","late_ms":3000)"), std::nullopt,
       sender::first, ""}};
  std::uint64_t salt = 0;
  for (const auto& situation : all) {
    auto s = with_backups(situation.faults);
    const auto whole = run(s, situation.of, situation.decided);
    INFO(situation.what << ": " << shown(whole));
    CHECK(joined(wrong(situation, whole, false)) == "");
    REQUIRE(whole.points > 50);
    for (const auto at : points_to_try(whole.points, salt++)) {
      s.crash_at = {at};
      const auto crashed = run(s, situation.of, situation.decided);
      INFO("crash at point " << at << ": " << shown(crashed));
      CHECK(joined(wrong(situation, crashed, true)) == "");
    }
  }
}

TEST_CASE("a mail in doubt stays with its provider although that is paused meanwhile",
          "[orders][fallback][doubt]") {
  auto s = with_backups(fault(by_mail, R"("nth":1,"effect":"drop_before")"));
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([](world& now) {
    return field(now.order("1").body, "in_doubt").find("mail_confirm") != std::string::npos;
  }));
  decide(w, "sendgrid", vendor_verb::open);
  w.run(3'600'000);
  CHECK(w.effects("1", effect_kind::custom_call, "mail_confirm") == 0);
  CHECK(field(w.order("1").body, "in_doubt").find("mail_confirm") != std::string::npos);
  decide(w, "sendgrid", vendor_verb::close);
  CHECK(w.run());
  CHECK(w.effects("1", effect_kind::mail, "mail_confirm") == 1);
  CHECK(w.effects("1", effect_kind::custom_call, "mail_confirm") == 0);
}

TEST_CASE("what waits at a provider is given to the second one as soon as a person pauses it",
          "[orders][fallback]") {
  auto s = with_backups("[]");
  s.rates = {{"sendgrid", {{"write", {1, 3'600'000}}}}};
  world w(s);
  for (const char* key : {"1", "2", "3"})
    w.ask(order_object(key), "ProcessOrder", order_body());
  w.run(600'000); // The limit lets one pass; the others wait for it.
  const auto mails = [&](std::string_view key) {
    return w.effects(std::string(key), effect_kind::mail, "mail_confirm");
  };
  const auto others = [&](std::string_view key) {
    return w.effects(std::string(key), effect_kind::custom_call, "mail_confirm");
  };
  REQUIRE(mails("1") + mails("2") + mails("3") < 3);
  REQUIRE(others("1") + others("2") + others("3") == 0);
  decide(w, "sendgrid", vendor_verb::pause);
  w.run(600'000);
  for (const auto* key : {"1", "2", "3"}) {
    CAPTURE(key);
    CHECK(mails(key) + others(key) == 1);
  }
  CHECK(s.orders.second_sends->values().size() == 1);
}

TEST_CASE("where the second provider refuses too its word counts, and it is named",
          "[orders][fallback]") {
  auto s =
      with_backups("[" + fault(by_mail, R"("always":true,"effect":"status","status":400)") +
                   R"(,{"vendor":"custom","operation":"call","always":true,"effect":"refuse"}])");
  const auto o = run(s, by_mail, std::nullopt);
  INFO(shown(o));
  CHECK(o.notice == "failed: custom.backup_mail: 422");
  CHECK(o.first + o.second == 0);
}

} // namespace orderhub::testing
