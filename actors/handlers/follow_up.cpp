#include "actors/handlers/follow_up.hpp"

#include "journal/base/bytes.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t follow_up_version = 2;
/// Its place says nothing since rounds of a refund have numbers.
constexpr std::uint8_t unused = 1;
constexpr std::int64_t poll_first_ms = 2'000;

result<std::string> post_wait(settings_ptr s, object_id object, follower by, follow_up what,
                              unix_ms now) {
  if (s->board)
    s->board->waits(object, what.step, by.vendor, by.cause, what.since, now, what.last);
  return std::string();
}

result<std::string> take_down(settings_ptr s, object_id object, std::string step) {
  if (s->board)
    s->board->ended(object, step);
  return std::string();
}

} // namespace

std::string follow_up::encode() const {
  byte_writer w(96);
  w.u8(follow_up_version);
  w.str8(step);
  w.str16(subject);
  w.u32(attempt);
  w.u32(polls);
  w.i64(since);
  w.str16(last);
  w.u8(unused);
  w.u32(round);
  w.str8(named);
  return w.take();
}

result<follow_up> follow_up::decode(std::string_view bytes) {
  byte_reader r(bytes);
  follow_up f;
  const auto version = r.u8();
  f.step = r.str8();
  f.subject = r.str16();
  f.attempt = r.u32();
  f.polls = r.u32();
  f.since = r.i64();
  f.last = r.str16();
  r.u8(); // Unused.
  f.round = r.u32();
  f.named = r.str8();
  if (version != follow_up_version || !r.done())
    return fail({error_kind::corrupt, "follow_up", "what is followed cannot be read"});
  return f;
}

std::int64_t poll_pause_ms(std::uint32_t polls, std::int64_t max_ms) {
  return std::min(poll_first_ms << std::min<std::uint32_t>(polls, 20), max_ms);
}

durable::task<void> ask_later(durable::context ctx, settings_ptr settings, follower by,
                              follow_up what) {
  if (what.since == 0)
    what.since = ctx.accepted_at();
  const auto name = "wait_" + what.step;
  auto posted =
      co_await ctx.run(name, &post_wait, settings, ctx.object(), by, what, ctx.accepted_at());
  static_cast<void>(posted); // It cannot fail.
  const auto pause = poll_pause_ms(what.polls, by.pause_max_ms);
  ctx.send(ctx.object(), by.handler, what.encode(), pause);
}

durable::task<void> ask_no_more(durable::context ctx, settings_ptr settings, follow_up what) {
  const auto name = "waited_" + what.step;
  auto taken = co_await ctx.run(name, &take_down, settings, ctx.object(), what.step);
  static_cast<void>(taken); // It cannot fail.
}

} // namespace orderhub::handlers
