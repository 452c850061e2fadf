// Idempotency keys of the mock Stripe: what is remembered, replayed, refused, and done late.
#include "providers/mock/stripe/parameters.hpp"
#include "providers/mock/stripe/stripe.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

std::uint64_t stripe::fingerprint(const call& c) const {
  // A sum, so that the order of parameters does not count. Never leaves the process.
  const std::hash<std::string_view> hash;
  std::uint64_t sum = hash(c.path);
  const auto& params = shared_.params;
  for (std::size_t i = 0; i < params.size(); ++i)
    sum += hash(params.name(i)) * 31 + hash(params.value(i));
  return sum;
}

stripe::key_record* stripe::find_key(std::string_view key, unix_ms now) {
  const auto it = key_index_.find(key);
  if (it == key_index_.end())
    return nullptr;
  auto& record = keys_[it->second - first_key_];
  const bool pruned =
      now - record.created > shared_.settings.key_life_ms ||
      (record.progress == key_record::state::intent && !intents_.find(record.object)) ||
      (record.progress == key_record::state::refund && !refunds_.find(record.object));
  if (!pruned)
    return &record;
  key_index_.erase(it);
  return nullptr;
}

void stripe::forget_oldest_key() {
  const auto it = key_index_.find(keys_.front().key);
  if (it != key_index_.end() && it->second == first_key_)
    key_index_.erase(it);
  keys_.pop_front();
  ++first_key_;
}

stripe::key_record& stripe::add_key(const std::string& key, std::uint64_t fingerprint, call& c) {
  if (shared_.settings.keys_max != 0 && keys_.size() >= shared_.settings.keys_max)
    forget_oldest_key();
  auto& record = keys_.emplace_back();
  record.key = key;
  record.fingerprint = fingerprint;
  record.created = c.now;
  record.first_request = c.request_number;
  key_index_.emplace(record.key, first_key_ + keys_.size() - 1);
  return record;
}

void stripe::replay(call& c, const key_record& record) {
  ++shared_.replays[static_cast<std::size_t>(c.what)];
  c.reply.headers.emplace_back("idempotent-replayed", "true");
  std::string original = "req_";
  append_hex(original, record.first_request, 14);
  c.reply.headers.emplace_back("original-request", std::move(original));
  switch (record.progress) {
  case key_record::state::intent:
    answer_intent(c, record.object, intents_.find(record.object)->first_status);
    return;
  case key_record::state::refund:
    answer_refund(c, record.object, refunds_.find(record.object)->first_status);
    return;
  case key_record::state::stored:
    c.reply.status = record.answer->status;
    c.reply.body = record.answer->body;
    if (record.answer->should_not_retry)
      c.reply.headers.emplace_back("stripe-should-retry", "false");
    return;
  case key_record::state::running:
    break; // answered 409 before it gets here
  }
}

void stripe::run(call& c) {
  const auto* key = c.header("idempotency-key");
  if (!key || key->empty()) {
    execute(c);
    return;
  }
  if (key->size() > key_size_max) {
    refuse(c, 400, "invalid_request_error", {},
           "Idempotency keys can be at most 255 characters long.");
    return;
  }
  c.reply.headers.emplace_back("idempotency-key", *key);
  const auto print = fingerprint(c);
  if (auto* record = find_key(*key, c.now)) {
    if (record->fingerprint != print) {
      refuse(c, 400, "idempotency_error", {},
             "Keys for idempotent requests can only be used with the same parameters they were "
             "first used with. Try using a key other than the one you provided if you meant to "
             "execute a different request.");
      return;
    }
    if (record->progress == key_record::state::running || c.now < record->busy_until) {
      refuse(c, 409, "invalid_request_error", "idempotency_key_in_use",
             "There is currently another in-progress request using this Idempotent Key (that "
             "probably means you submitted twice, and the other request is still going through). "
             "Please try again later.");
      c.reply.headers.emplace_back("stripe-should-retry", "true");
      return;
    }
    replay(c, *record);
    return;
  }
  const auto done = execute(c);
  if (done != outcome::refused)
    remember(c, *key, print, done);
}

void stripe::remember(call& c, const std::string& key, std::uint64_t print, outcome done) {
  auto* found = find_key(key, c.now); // noted by `begin_late`
  auto& record = found ? *found : add_key(key, print, c);
  record.busy_until = c.now + c.delay_ms;
  record.object = made_;
  switch (done) {
  case outcome::made_intent:
    record.progress = key_record::state::intent;
    return;
  case outcome::made_refund:
    record.progress = key_record::state::refund;
    return;
  case outcome::answered:
  case outcome::refused:
    record.progress = key_record::state::stored;
    record.answer = std::make_unique<stored_answer>(stored_answer{
        c.reply.status, c.reply.body, c.reply.header("stripe-should-retry") != nullptr});
    return;
  }
}

bool stripe::begin_late(call& c) {
  shared_.params.clear();
  if (c.request.method != "POST" || c.what == call_id::stripe_other || !admit(c) ||
      !read_parameters(c))
    return false;
  const auto* key = c.header("idempotency-key");
  if (!key || key->empty())
    return true;
  if (key->size() > key_size_max || find_key(*key, c.now))
    return false;
  add_key(*key, fingerprint(c), c);
  return true;
}

void stripe::finish_late(call& c) {
  shared_.params.clear();
  // Both passed when the request came in.
  if (!admit(c) || !read_parameters(c))
    return;
  const auto* key = c.header("idempotency-key");
  const auto done = execute(c);
  if (!key || key->empty())
    return;
  if (done != outcome::refused)
    remember(c, *key, fingerprint(c), done);
  else
    key_index_.erase(*key); // a refusal is not stored, and the key is free again
}

} // namespace orderhub::providers::mock
