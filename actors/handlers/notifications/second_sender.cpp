#include "actors/handlers/notifications/second_sender.hpp"

#include "actors/durable/fallback.hpp"
#include "actors/handlers/custom/custom_service.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/twilio/send_sms.hpp"

#include <utility>

namespace orderhub::handlers {

namespace {

using durable::context;

bool is_own_fault(notice_way way, const error& why) {
  switch (way) {
  case notice_way::mail:
    return providers::sendgrid::is_fault_of_mail(why);
  case notice_way::sms:
    return providers::twilio::is_fault_of_sms(why);
  case notice_way::message:
    return providers::slack::is_fault_of_message(why);
  }
  return true;
}

result<std::string> decided(settings_ptr s, notice_way way, error why, std::string first,
                            std::string provider) {
  const auto move = move_after(way, why);
  if (move == second_move::send)
    s->second_sends->add({first, "custom_" + provider});
  return std::string(text_of(move));
}

} // namespace

second_move move_after(notice_way way, const error& why) {
  if (!durable::is_definite(why))
    return second_move::keep_doubt;
  return is_own_fault(way, why) ? second_move::same_fault : second_move::send;
}

std::string_view text_of(second_move move) {
  switch (move) {
  case second_move::send:
    return "send";
  case second_move::keep_doubt:
    return "keep_doubt";
  case second_move::same_fault:
    return "same_fault";
  }
  return "keep_doubt";
}

durable::task<result<std::string>> or_second(context ctx, settings_ptr settings, result<void> first,
                                             second_sender second) {
  if (first)
    co_return std::string(sent_mark);
  if (second.provider.empty())
    co_return first.failure();
  const auto decision = second.step + "_second";
  auto move = co_await ctx.run(decision, &decided, settings, second.way, first.error(),
                               second.first, second.provider);
  if (!move || *move != text_of(second_move::send))
    co_return first.failure();
  auto call = custom_call_of(*settings, second.provider,
                             ctx.step(second.step + std::string(second_suffix)), second.with);
  auto done = co_await ctx.effect(std::move(call));
  if (done)
    co_return std::string(sent_by_mark) + second.provider;
  auto why = done.error();
  why.message = "custom." + second.provider + ": " + why.message;
  co_return fail(std::move(why));
}

} // namespace orderhub::handlers
