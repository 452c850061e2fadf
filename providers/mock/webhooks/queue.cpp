#include "providers/mock/webhooks/queue.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace orderhub::providers::mock {

namespace {

constexpr std::array<std::int64_t, webhook_queue::tries_max - 1> waits_ms = {1'000, 5'000, 25'000,
                                                                             60'000};

bool sends_again(vendor_id vendor) {
  return vendor != vendor_id::twilio && vendor != vendor_id::github;
}

/// As somebody who does not know the secret would try it: other amounts, other words, any digest.
void forge(notice& what) {
  const auto digit = what.body.find_first_of("123456789");
  if (digit != std::string::npos)
    what.body[digit] = what.body[digit] == '9' ? '1' : '9';
  what.body.push_back('\n');
}

} // namespace

bool webhook_queue::happens(double probability) {
  constexpr std::uint64_t steps = 1'000'000;
  return static_cast<double>(random_.below(steps)) < probability * static_cast<double>(steps);
}

void webhook_queue::wait(item one, unix_ms at) {
  if (manner_.storm_ms > 0)
    at = (at / manner_.storm_ms + 1) * manner_.storm_ms;
  if (waiting_.size() < waiting_max)
    waiting_.emplace(at, std::move(one));
}

void webhook_queue::add(std::vector<notice> told, unix_ms now) {
  const auto moment = [&](const notice& n) {
    const auto jitter = manner_.jitter_ms > 0
                            ? random_.below(static_cast<std::uint64_t>(manner_.jitter_ms) + 1)
                            : 0;
    return std::max(n.at, now) + manner_.delay_ms + static_cast<std::int64_t>(jitter);
  };
  for (auto& n : told) {
    if (happens(manner_.forged)) {
      item forgery{n, 1, true};
      forge(forgery.what);
      wait(std::move(forgery), moment(n));
    }
    if (happens(manner_.lost))
      continue;
    const auto copies = manner_.copies_max > 1
                            ? 1 + random_.below(static_cast<std::uint64_t>(manner_.copies_max))
                            : 1;
    for (std::uint64_t i = 0; i < copies; ++i)
      wait({n, 1, false}, moment(n));
  }
}

std::optional<unix_ms> webhook_queue::next_due() const {
  if (waiting_.empty())
    return std::nullopt;
  return waiting_.begin()->first;
}

webhook_sending webhook_queue::signed_now(item one, unix_ms now) {
  webhook_sending out;
  out.vendor = one.what.vendor;
  out.target = std::move(one.what.target);
  out.headers = std::move(one.what.headers);
  out.body = std::move(one.what.body);
  out.url = std::move(one.what.url);
  out.tries = one.tries;
  out.is_forged = one.is_forged;
  // A forger signs with a key of his own: the signature has the right shape.
  auto keys = keys_;
  if (one.is_forged)
    keys = webhook_keys::make(random_);
  auto signature = sign(out.vendor, keys, out.body, out.url, now / 1'000);
  for (auto& header : signature)
    out.headers.push_back(std::move(header));
  return out;
}

std::vector<webhook_sending> webhook_queue::take_due(unix_ms now) {
  constexpr std::size_t batch_max = 100;
  std::vector<webhook_sending> due;
  item mails;
  std::size_t count = 0;
  const auto end_batch = [&] {
    if (count == 0)
      return;
    mails.what.body += "]\r\n"; // As SendGrid's own end.
    due.push_back(signed_now(std::exchange(mails, {}), now));
    count = 0;
  };
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    auto one = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    const bool is_list = one.what.body.starts_with('[');
    if (one.what.vendor != vendor_id::sendgrid || is_list) {
      due.push_back(signed_now(std::move(one), now));
      continue;
    }
    if (one.is_forged) {
      one.what.body = '[' + one.what.body + "]\r\n";
      due.push_back(signed_now(std::move(one), now));
      continue;
    }
    if (count == 0) {
      mails = std::move(one);
      mails.what.body.insert(0, 1, '[');
    } else {
      mails.what.body.append(",\r\n").append(one.what.body);
    }
    if (++count == batch_max)
      end_batch();
  }
  end_batch();
  return due;
}

void webhook_queue::failed(webhook_sending sending, unix_ms now) {
  if (sending.is_forged || !sends_again(sending.vendor) || sending.tries >= tries_max)
    return;
  // The signature is made anew; the rest is the same.
  static constexpr std::array<std::string_view, 6> signatures = {
      "Stripe-Signature",
      "Shippo-Auth-Signature",
      "X-Twilio-Email-Event-Webhook-Timestamp",
      "X-Twilio-Email-Event-Webhook-Signature",
      "X-Slack-Request-Timestamp",
      "X-Slack-Signature"};
  item again;
  again.tries = sending.tries + 1;
  again.what.vendor = sending.vendor;
  again.what.target = std::move(sending.target);
  again.what.url = std::move(sending.url);
  again.what.body = std::move(sending.body);
  for (auto& header : sending.headers)
    if (std::find(signatures.begin(), signatures.end(), header.first) == signatures.end())
      again.what.headers.push_back(std::move(header));
  const auto wait_ms = waits_ms[static_cast<std::size_t>(sending.tries - 1)];
  waiting_.emplace(now + wait_ms, std::move(again));
}

} // namespace orderhub::providers::mock
