#include "providers/policy/doubt.hpp"

#include "journal/base/duration.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace orderhub::providers {

namespace {

constexpr std::array<std::pair<doubt_policy, std::string_view>, 5> names = {{
    {doubt_policy::replay_key, "replay_key"},
    {doubt_policy::lookup, "look_up"},
    {doubt_policy::await_event, "await_event"},
    {doubt_policy::may_miss, "may_miss"},
    {doubt_policy::may_repeat, "may_repeat"},
}};

constexpr std::int64_t key_life_min_ms = 1'000;
constexpr std::int64_t event_wait_min_ms = 1'000;

tl::unexpected<error> refuse(std::string why) {
  return fail({error_kind::invalid, "doubt", std::move(why)});
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0)
      words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

/// The words from left to right; each function takes those that are its own.
class reader {
public:
  explicit reader(std::string_view text) : words_(words_of(text)) {}

  [[nodiscard]] bool done() const { return at_ == words_.size(); }
  bool take(std::string_view word) {
    const bool is_next = !done() && words_[at_] == word;
    at_ += is_next ? 1 : 0;
    return is_next;
  }
  std::optional<doubt_policy> policy() {
    for (const auto& [policy, name] : names)
      if (take(name))
        return policy;
    return std::nullopt;
  }
  std::optional<std::int64_t> duration() {
    if (done())
      return std::nullopt;
    const auto ms = parse_duration_ms(words_[at_]);
    at_ += ms ? 1 : 0;
    return ms;
  }

private:
  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

constexpr const char* what_it_must_be =
    "must be replay_key, look_up, may_repeat, may_miss, or await_event with a time and what comes "
    "then: replay_key 20h then look_up 60s; look_up 60s; await_event 10m then look_up";

/// A policy other than `await_event`, with its times.
bool read_plain(reader& words, doubt_policy policy, doubt_choice& to) {
  if (policy == doubt_policy::replay_key) {
    to.key_life_ms = words.duration();
    if (!words.take("then"))
      return true;
    if (!words.take("look_up"))
      return false;
    to.absence_after_ms = words.duration();
  } else if (policy == doubt_policy::lookup) {
    to.absence_after_ms = words.duration();
  }
  return true;
}

/// `60s`, `20h`: the largest unit that says it whole.
std::string duration_text(std::int64_t ms) {
  for (const auto& [unit, length] :
       {std::pair<const char*, std::int64_t>("h", 3'600'000), {"m", 60'000}, {"s", 1'000}})
    if (ms > length && ms % length == 0)
      return std::to_string(ms / length) + unit;
  return ms == 1'000 ? "1s" : std::to_string(ms) + "ms";
}

std::string plain_text(doubt_policy policy, const doubt_choice& c) {
  std::string text(name_of(policy));
  if (policy == doubt_policy::replay_key) {
    if (c.key_life_ms)
      text += ' ' + duration_text(*c.key_life_ms);
    if (c.absence_after_ms)
      text += " then look_up " + duration_text(*c.absence_after_ms);
  } else if (policy == doubt_policy::lookup && c.absence_after_ms) {
    text += ' ' + duration_text(*c.absence_after_ms);
  }
  return text;
}

std::string what_would_happen_twice(stake at_stake) {
  switch (at_stake) {
  case stake::money:
    return "it moves money, and would move it twice";
  case stake::label:
    return "it buys or voids a label, and would do it twice";
  case stake::stock:
    return "it reserves or frees stock, and would do it twice";
  case stake::none:
    break;
  }
  return {};
}

} // namespace

std::string_view name_of(doubt_policy policy) {
  for (const auto& [value, name] : names)
    if (value == policy)
      return name;
  return "unknown";
}

result<doubt_choice> parse_doubt(std::string_view text) {
  reader words(text);
  doubt_choice out;
  const auto policy = words.policy();
  if (!policy)
    return refuse(what_it_must_be);
  out.policy = *policy;
  bool is_whole = true;
  if (*policy == doubt_policy::await_event) {
    const auto wait = words.duration();
    const auto behind = wait && words.take("then") ? words.policy() : std::nullopt;
    if (!behind || *behind == doubt_policy::await_event || *wait < event_wait_min_ms)
      return refuse("must say how long an event is awaited, at least 1s, and what is done then: "
                    "await_event 10m then look_up");
    out.event_wait_ms = *wait;
    out.after_event = *behind;
    is_whole = read_plain(words, *behind, out);
  } else {
    is_whole = read_plain(words, *policy, out);
  }
  if (!is_whole || !words.done())
    return refuse(what_it_must_be);
  if (out.key_life_ms && *out.key_life_ms < key_life_min_ms)
    return refuse("must have a key life of at least 1s");
  return out;
}

std::string shown(const doubt_choice& c) {
  if (c.policy != doubt_policy::await_event)
    return plain_text(c.policy, c);
  return "await_event " + duration_text(c.event_wait_ms) + " then " + plain_text(c.after_event, c);
}

doubt_choice own_doubt(const operation_row& row) {
  doubt_choice own;
  own.policy = row.doubt;
  if (row.doubt == doubt_policy::replay_key)
    own.key_life_ms = row.key_life_ms;
  if (row.has_lookup)
    own.absence_after_ms = row.absence_after_ms;
  return own;
}

std::vector<doubt_policy> allowed_policies(const operation_row& row) {
  std::vector<doubt_policy> out;
  for (const auto& [policy, name] : names) {
    doubt_choice choice;
    choice.policy = policy;
    if (check_doubt(row, choice))
      out.push_back(policy);
  }
  return out;
}

result<void> check_doubt(const operation_row& row, const doubt_choice& choice) {
  const std::string name(row.name);
  if (row.at_stake != stake::none && choice.uses(doubt_policy::may_repeat))
    return refuse("must not be may_repeat: " + name + ": " + what_would_happen_twice(row.at_stake));
  if (choice.uses(doubt_policy::lookup) && !row.has_lookup)
    return refuse("must not be look_up: " + name + " cannot be looked up");
  if (choice.absence_after_ms && !row.has_lookup)
    return refuse("must have no look_up: " + name + " cannot be looked up");
  if (!choice.uses(doubt_policy::replay_key))
    return {};
  if (row.vendor_key_life_ms == 0)
    return refuse("must not be replay_key: the vendor of " + name + " knows no idempotency key");
  if (choice.key_life_ms && *choice.key_life_ms > row.vendor_key_life_ms)
    return refuse("must not use a key for longer than its vendor promises to know it, " +
                  duration_text(row.vendor_key_life_ms));
  return {};
}

} // namespace orderhub::providers
