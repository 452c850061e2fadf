/// Writes signed webhooks of all six vendors into a file, as whole HTTP requests, for
/// `orderhub_load
/// --kind file`: what is measured then is the hub, not who signs. The vendors take turns, so one in
/// six is SendGrid's with its ECDSA signature. Stripe and Slack sign the time: the file is good for
/// five minutes.
///
/// Most of them are about orders that were placed before, by the hub's own metadata, and say what
/// is known already: each is held against its order. Slack's and every other of GitHub's are
/// nothing that the hub has a use for.
///
/// The file: of each request its size (u32, big-endian) and its bytes. Prints a line of JSON.
#include "journal/base/bytes.hpp"
#include "journal/base/random.hpp"
#include "providers/mock/webhooks/signer.hpp"
#include "providers/shippo/wire.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

namespace {

using namespace orderhub;
using namespace orderhub::providers;
using mock::vendor_id;

constexpr std::string_view public_url = "https://hub.example.com";

struct options {
  std::uint64_t count = 0, orders = 0, first = 0;
  std::string key_prefix = "load", hub, file, secrets_file;
};

struct webhook {
  vendor_id vendor;
  std::string target, body, content_type = "application/json";
  header_list headers = {};
};

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "orderhub_sign: %s\n", what.c_str());
  std::exit(1);
}

/// The n-th event of Stripe: the order's charge, of which it knows.
webhook of_stripe(const options& o, std::uint64_t n, const std::string& order) {
  const auto number = std::to_string(n);
  return {vendor_id::stripe, "/webhooks/stripe",
          R"({"id":"evt_bench)" + number +
              R"(","object":"event","api_version":"2025-03-31.basil","created":1760000000,)"
              R"("livemode":false,"type":"charge.succeeded","request":{"id":"req_1",)"
              R"("idempotency_key":null},"data":{"object":{"id":"ch_bench","object":"charge",)"
              R"("amount":4200,"amount_captured":4200,"captured":true,"currency":"usd",)"
              R"("status":"succeeded","metadata":{"hub":")" +
              o.hub + R"(","order_id":")" + order +
              R"(","step":"charge","attempt":"1","generation":"1"}}}})"};
}

webhook of_sendgrid(const options& o, std::uint64_t n, const std::string& order) {
  return {vendor_id::sendgrid, "/webhooks/sendgrid",
          R"([{"email":"a@example.com","timestamp":1760000000,"smtp-id":"<bench@example.com>",)"
          R"("event":"delivered","sg_event_id":"bench)" +
              std::to_string(n) + R"(","sg_message_id":"bench.1","hub":")" + o.hub +
              R"(","order_id":")" + order +
              R"(","step":"mail_confirm","step_attempt":"1","generation":"1"}])" + "\r\n"};
}

webhook of_shippo(const options& o, std::uint64_t n, const std::string& order) {
  return {vendor_id::shippo, "/webhooks/shippo",
          R"({"event":"track_updated","test":false,"data":{"carrier":"usps","tracking_number":)"
          R"("92055901755477","tracking_status":{"object_id":"bench)" +
              std::to_string(n) +
              R"(","status":"TRANSIT","status_date":"2026-03-01T00:00:00Z"},"metadata":")" +
              shippo::wire::metadata({o.hub, order, "label", "1"}) + R"("}})"};
}

webhook of_slack(std::uint64_t n) {
  return {
      vendor_id::slack, "/webhooks/slack",
      R"({"token":"t","team_id":"T1","api_app_id":"A1","type":"event_callback","event_id":"Ev)" +
          std::to_string(n) +
          R"(","event_time":1760000000,"event":{"type":"reaction_added","user":"U1",)"
          R"("reaction":"eyes","event_ts":"1760000000.000100"}})"};
}

webhook of_twilio(const options& o, std::uint64_t n, const std::string& order) {
  char sid[40];
  std::snprintf(sid, sizeof sid, "SM%032llx", static_cast<unsigned long long>(n));
  return {vendor_id::twilio,
          "/webhooks/twilio?hub=" + o.hub + "&order_id=" + order +
              "&step=sms_confirm&attempt=1&generation=1",
          "AccountSid=AC00000000000000000000000000000000&From=%2B15005550006&MessageSid=" +
              std::string(sid) + "&MessageStatus=delivered&SmsSid=" + sid +
              "&SmsStatus=delivered&To=%2B12175550123",
          "application/x-www-form-urlencoded"};
}

webhook of_github(std::uint64_t n) {
  char delivery[48];
  std::snprintf(delivery, sizeof delivery, "72d3162e-cc78-11e3-81ab-%012llx",
                static_cast<unsigned long long>(n));
  const bool is_status = n / 6 % 2 == 0;
  const auto id = std::to_string(n);
  webhook w{vendor_id::github, "/webhooks/github", {}};
  w.headers = {{"X-GitHub-Event", is_status ? "deployment_status" : "push"},
               {"X-GitHub-Delivery", delivery},
               {"User-Agent", "GitHub-Hookshot/044aadd"}};
  w.body = is_status ? R"({"action":"created","deployment_status":{"id":)" + id +
                           R"(,"state":"success"},"deployment":{"id":)" + id +
                           R"(,"task":"deploy","payload":{}}})"
                     : R"({"ref":"refs/heads/main","before":"0","after":"1","commits":[]})";
  return w;
}

webhook webhook_of(const options& o, std::uint64_t n) {
  const auto order = o.key_prefix + "-" + std::to_string(n / 6 % o.orders);
  switch (n % 6) {
  case 0:
    return of_stripe(o, n, order);
  case 1:
    return of_sendgrid(o, n, order);
  case 2:
    return of_shippo(o, n, order);
  case 3:
    return of_slack(n);
  case 4:
    return of_twilio(o, n, order);
  default:
    return of_github(n);
  }
}

std::string request_of(const webhook& w, const mock::webhook_keys& keys, std::int64_t now_s) {
  std::string text = "POST " + w.target +
                     " HTTP/1.1\r\nHost: hub.example.com\r\nContent-Type: " + w.content_type +
                     "\r\nContent-Length: " + std::to_string(w.body.size()) + "\r\n";
  const auto url = std::string(public_url) + w.target;
  auto headers = w.headers;
  for (auto& one : mock::sign(w.vendor, keys, w.body, url, now_s))
    headers.push_back(std::move(one));
  for (const auto& [name, value] : headers)
    text.append(name).append(": ").append(value).append("\r\n");
  return text + "\r\n" + w.body;
}

void write_secrets(const options& o, const mock::webhook_keys& keys) {
  std::ofstream out(o.secrets_file, std::ios::trunc);
  out << "ORDERHUB_PUBLIC_URL=" << public_url << "\nSTRIPE_WEBHOOK_SECRET=" << keys.stripe
      << "\nSHIPPO_WEBHOOK_SECRET=" << keys.shippo << "\nSLACK_SIGNING_SECRET=" << keys.slack
      << "\nTWILIO_AUTH_TOKEN=" << keys.twilio << "\nGITHUB_WEBHOOK_SECRET=" << keys.github
      << "\nSENDGRID_WEBHOOK_PUBLIC_KEY=" << keys.sendgrid.public_text() << '\n';
  if (!out.flush())
    die("cannot write " + o.secrets_file);
}

} // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("Signed webhooks of all vendors in a file, for orderhub_load --kind file.");
  app.add_option("--count", o.count, "how many")->required()->check(CLI::PositiveNumber);
  app.add_option("--first", o.first, "number of the first event: ids are made of it");
  app.add_option("--orders", o.orders, "about the orders PREFIX-0 to PREFIX-(N-1)")
      ->required()
      ->check(CLI::PositiveNumber);
  app.add_option("--key-prefix", o.key_prefix, "order keys are PREFIX-NUMBER");
  app.add_option("--hub", o.hub, "the hub's id in hex, as its journal has it")->required();
  app.add_option("--file", o.file, "where the requests are written")->required();
  app.add_option("--secrets-file", o.secrets_file, "NAME=value lines for the hub's environment")
      ->required();
  CLI11_PARSE(app, argc, argv);

  const auto begin = std::chrono::system_clock::now();
  const auto now_s =
      std::chrono::duration_cast<std::chrono::seconds>(begin.time_since_epoch()).count();
  system_random random;
  const auto keys = mock::webhook_keys::make(random);
  write_secrets(o, keys);
  std::ofstream out(o.file, std::ios::binary | std::ios::trunc);
  for (std::uint64_t n = 0; n < o.count; ++n) {
    const auto request = request_of(webhook_of(o, o.first + n), keys, now_s);
    byte_writer w(request.size() + 4);
    w.str32(request);
    out << w.take();
  }
  if (!out.flush())
    die("cannot write " + o.file);
  const std::chrono::duration<double> took = std::chrono::system_clock::now() - begin;
  std::printf("{\"count\":%llu,\"seconds\":%.3f}\n", static_cast<unsigned long long>(o.count),
              took.count());
  return 0;
}
