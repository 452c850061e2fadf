#include "actors/handlers/notifications/second_sender.hpp"
#include "tests/support/catch2.hpp"

#include <string>

using namespace orderhub;
using namespace orderhub::handlers;

namespace {

second_move after(notice_way way, error_kind kind, const char* message) {
  return move_after(way, {kind, "vendor", message});
}

} // namespace

TEST_CASE("a second provider sends what the first one definitely has not", "[notices][fallback]") {
  for (const auto way : {notice_way::mail, notice_way::sms, notice_way::message})
    for (const auto* why :
         {"sendgrid is not reached: 503", "twilio refuses our credential: 401",
          "slack is paused by an operator", "sendgrid is held open by an operator", "400"})
      CHECK(after(way, error_kind::unavailable, why) == second_move::send);
  // Sender, account, country and route are the first one's own.
  CHECK(after(notice_way::mail, error_kind::invalid, "400: from.email: invalid") ==
        second_move::send);
  CHECK(after(notice_way::mail, error_kind::invalid,
              "400: personalizations.0.custom_args.step: invalid") == second_move::send);
  for (const auto* code : {"400: 21212", "400: 21408", "400: 21606", "400: 21612", "403: 20003",
                           "undelivered: 30008", "failed: 30034"})
    CHECK(after(notice_way::sms, error_kind::invalid, code) == second_move::send);
  CHECK(after(notice_way::message, error_kind::invalid, "is_archived") == second_move::send);
}

TEST_CASE("what the message itself is refused for no other provider is asked",
          "[notices][fallback]") {
  for (const auto* why :
       {"400: personalizations.0.to.0.email: invalid", "400: personalizations: required",
        "400: from.email: invalid, subject: required", "400: content.0.value: too_short", "413"})
    CHECK(after(notice_way::mail, error_kind::invalid, why) == second_move::same_fault);
  for (const auto* why : {"400: 21211", "400: 21610", "400: 21614", "400: 21617",
                          "undelivered: 30005", "undelivered: 30007"})
    CHECK(after(notice_way::sms, error_kind::invalid, why) == second_move::same_fault);
  for (const auto* why : {"msg_too_long", "400: no_text"})
    CHECK(after(notice_way::message, error_kind::invalid, why) == second_move::same_fault);
}

TEST_CASE("in doubt, cancelled or done before: no other provider is asked",
          "[notices][fallback][doubt]") {
  for (const auto kind : {error_kind::missed, error_kind::cancelled, error_kind::done_before})
    CHECK(after(notice_way::mail, kind, "it may have happened") == second_move::keep_doubt);
}
