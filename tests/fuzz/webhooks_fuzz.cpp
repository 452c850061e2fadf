// One libFuzzer program for every verifier and reader of webhooks: `ORDERHUB_FUZZ=stripe.read` says
// which, so that it is built and linked once. scripts/fuzz.py runs them all.
//
// An input is three parts, a NUL after each of the first two: the target, the headers as
// `name: value` lines, the body.
#include "journal/base/random.hpp"
#include "providers/mock/webhooks/signer.hpp"
#include "providers/webhooks/custom.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/vendors.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace orderhub;
using namespace orderhub::providers;
using webhooks::refusal;

constexpr std::int64_t now_s = 1'760'000'000;
constexpr const char* hub = "0123456789abcdef0123456789abcdef";
constexpr const char* public_url = "https://hub.example.com";

struct parts {
  std::string target = "/webhooks/x";
  header_list headers;
  std::string body;
  [[nodiscard]] webhooks::delivery view() const { return {body, target, &headers, now_s}; }
};

std::string_view take(std::string_view& rest, char end) {
  const auto part = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

parts split(std::string_view input) {
  parts all;
  all.target = std::string("/webhooks/x").append(take(input, '\0'));
  auto headers = take(input, '\0');
  while (!headers.empty() && all.headers.size() < 64) {
    auto line = take(headers, '\n');
    const auto name = line.substr(0, line.find(": "));
    all.headers.emplace_back(name, line.substr(std::min(name.size() + 2, line.size())));
  }
  all.body = input;
  return all;
}

void must(bool holds, const char* what) {
  if (holds)
    return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

void check_bounds(const webhooks::reading& all) {
  const auto fits = [](const std::string& text) { return text.size() <= webhooks::text_size_max; };
  must(all.problem.empty() || all.elements.empty(), "a problem has elements");
  must(all.elements.size() <= webhooks::elements_max, "there are too many elements");
  must(fits(all.answer) && fits(all.answer_type) && fits(all.problem), "a text is too long");
  for (const auto& [e, problem] : all.elements) {
    must(fits(problem), "a problem is too long");
    if (!problem.empty())
      continue;
    must(!e.id.empty(), "an event has no id");
    must(fits(e.id) && fits(e.type) && fits(e.about.hub) && fits(e.about.order_id) &&
             fits(e.about.step) && fits(e.about.attempt) && fits(e.generation) &&
             fits(e.idempotency_key) && fits(e.currency) && fits(e.code) && fits(e.reference) &&
             fits(e.action) && fits(e.actor) &&
             std::all_of(e.vendor_ids.begin(), e.vendor_ids.end(), fits),
         "a text of an event is too long");
    must(e.vendor_ids.size() <= webhooks::vendor_ids_max, "there are too many ids");
    must(e.data.size() <= webhooks::custom_data_size_max, "the data is too long");
    must(e.at_ms >= 0, "an event is before 1970");
  }
}

/// Keys that nobody else has: whatever the input holds, it is signed with other ones.
const mock::webhook_keys& own_keys() {
  static system_random random;
  static const auto keys = mock::webhook_keys::make(random);
  return keys;
}

/// What is not ours is never taken, and what we sign ourselves always is, whatever the body.
void fuzz_verify(const webhooks::source& source, const parts& given) {
  const std::vector<secret> secrets = {secret(own_keys().text_for(source.secret_setting))};
  must(source.verify(given.view(), secrets, public_url).why != refusal::none, "a forgery is taken");
  must(source.verify(given.view(), {}, public_url).why == refusal::no_secret,
       "no secret is not said");
  parts own = given;
  own.target = "/webhooks/x";
  const auto names = mock::vendor_names;
  const auto vendor = std::find(names.begin(), names.end(), source.vendor) - names.begin();
  own.headers = mock::sign(static_cast<mock::vendor_id>(vendor), own_keys(), own.body,
                           public_url + own.target, now_s);
  const auto verdict = source.verify(own.view(), secrets, public_url).why;
  const bool is_odd_form = source.vendor == "twilio" && verdict == refusal::malformed;
  must(verdict == refusal::none || is_odd_form, "what the vendor signs is refused");
}

std::vector<webhooks::custom_source> senders(const std::string& secret_text) {
  auto all = webhooks::read_custom_sources(
      R"([{"name":"a","secret":"whsec_)" + secret_text +
      R"(","order":"/data/order_id","reference":"/data/awakeable","data":"/data",)"
      R"("events":{"order.packed":"packed","order.asked":"awakeable"}},)"
      R"({"name":"b","scheme":"hmac","secret":")" +
      secret_text +
      R"(","header":"x-signature","prefix":"sha256=","id":"/id","order":"/a/0/b~1c",)"
      R"("at":"/at","reference":"/r","events":{"*":"awakeable"}}])");
  must(all.has_value(), "the senders cannot be read");
  return std::move(*all);
}

void fuzz_custom_verify(const parts& given) {
  // Of the length and alphabet of a real key.
  static const auto all = senders(own_keys().stripe.substr(6, 32));
  for (const auto& sender : all)
    must(webhooks::verify_custom(sender, given.view()).why != refusal::none, "a forgery is taken");
}

void fuzz_custom_read(const parts& given) {
  static const auto all = senders("AAAA");
  for (const auto& sender : all)
    check_bounds(webhooks::read_custom(sender, given.view(), {hub, "", "", ""}));
}

void fuzz_custom_sources(std::string_view text) {
  const auto all = webhooks::read_custom_sources(text);
  must(!all || all->size() <= webhooks::custom_sources_max, "there are too many senders");
  const header_list none;
  if (all)
    for (const auto& sender : *all)
      check_bounds(webhooks::read_custom(sender, {R"({"id":"a","type":"b"})", "/", &none, now_s},
                                         {hub, "", "", ""}));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const char* const wanted = std::getenv("ORDERHUB_FUZZ");
  static const std::string_view target = wanted ? wanted : "";
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (target == "custom.sources") {
    fuzz_custom_sources(input);
    return 0;
  }
  const auto given = split(input);
  const auto dot = std::min(target.find('.'), target.size());
  const auto part = target.substr(std::min(dot + 1, target.size()));
  static const auto* const source = webhooks::find_source(target.substr(0, dot));
  if (target == "custom.verify")
    fuzz_custom_verify(given);
  else if (target == "custom.read")
    fuzz_custom_read(given);
  else if (source && part == "verify")
    fuzz_verify(*source, given);
  else if (source && part == "read")
    check_bounds(source->read(given.view(), {hub, "", "", ""}));
  else
    must(false, "ORDERHUB_FUZZ names no target: stripe.verify, custom.sources, …");
  return 0;
}
