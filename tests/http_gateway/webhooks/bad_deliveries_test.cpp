// What must not get in, of every vendor and over the wire: each has its answer, and nothing of it
// is stored.
#include "actors/handlers/webhooks/receipt.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "http_gateway/webhooks/webhook_door.hpp"
#include "journal/base/random.hpp"
#include "providers/mock/webhooks/signer.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace orderhub;
using namespace orderhub::http_gateway;
using namespace orderhub::testing;
namespace hooks = providers::webhooks;
namespace mock = providers::mock;
using mock::vendor_id;

namespace {

constexpr const char* public_url = "https://hub.example.com";
constexpr std::size_t body_size_max = 64 * 1'024;

/// A delivery of a type that the hub has no use for.
struct sample {
  vendor_id vendor;
  std::string body;
  std::string type = "application/json";
  std::string more_headers = {};

  [[nodiscard]] std::string name() const {
    return std::string(mock::vendor_names.at(static_cast<std::size_t>(vendor)));
  }
  [[nodiscard]] std::string target() const { return "/webhooks/" + name(); }
};

std::vector<sample> unknown_types() {
  return {
      {vendor_id::stripe,
       R"({"id":"evt_1","object":"event","type":"customer.created","data":{"object":{}}})"},
      {vendor_id::sendgrid, R"([{"sg_event_id":"e1","event":"open","timestamp":1700000000}])"},
      {vendor_id::shippo, R"({"event":"batch_created","test":false,"data":{"object_id":"b1"}})"},
      {vendor_id::slack,
       R"({"type":"event_callback","event_id":"Ev1","event":{"type":"reaction_added"}})"},
      {vendor_id::twilio,
       "AccountSid=AC00000000000000000000000000000000&MessageSid=SM00000000000000000000000000000000"
       "&MessageStatus=partially_delivered",
       "application/x-www-form-urlencoded"},
      {vendor_id::github, R"({"action":"created","issue":{"number":1}})", "application/json",
       "X-GitHub-Event: issues\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n"}};
}

/// Those that sign the time, and say how old it may be.
bool has_tolerance(vendor_id vendor) {
  return vendor == vendor_id::stripe || vendor == vendor_id::slack;
}

struct gate {
  gate() {
    webhook_keys known;
    for (const auto& source : hooks::sources())
      known.vendors[std::string(source.vendor)] = {
          hooks::split_secrets(secret(keys.text_for(source.secret_setting))), "ITS_SETTING"};
    known.public_url = public_url;
    door.set_keys(std::move(known));
    server_options options;
    options.body_size_max = body_size_max;
    auto started = server::start(options, api);
    REQUIRE(started);
    web = std::move(*started);
  }

  [[nodiscard]] std::string signature(const sample& s, std::int64_t age_s = 0) const {
    std::string headers;
    for (const auto& [name, value] : mock::sign(s.vendor, keys, s.body, public_url + s.target(),
                                                time.wall_ms() / 1'000 - age_s))
      headers += name + ": " + value + "\r\n";
    return headers;
  }
  [[nodiscard]] int status_of(const sample& s, const std::string& headers) const {
    raw_client c(web->port());
    REQUIRE(c.send(post(s.target(), s.body, s.more_headers + headers)));
    auto r = c.read();
    REQUIRE(r);
    return r->status;
  }

  seeded_random random{1};
  mock::webhook_keys keys = mock::webhook_keys::make(random);
  manual_clock time;
  fake_ingress hub;
  webhook_door door{hub, "00112233445566778899aabbccddeeff", time, {}};
  ingress_api api{hub, secret("api token"), 280'000, {}, &door};
  std::unique_ptr<server> web;
};

/// Each of its signature headers with another value.
std::string with_value(const std::string& headers, const std::string& value) {
  std::string all;
  for (std::size_t at = 0; at < headers.size();) {
    const auto end = headers.find("\r\n", at);
    all += headers.substr(at, headers.find(':', at) - at) + ": " + value + "\r\n";
    at = end + 2;
  }
  return all;
}

/// Lines with that text that the log has while it lives.
class log_lines {
public:
  log_lines() : file_(std::tmpfile()), before_(::dup(STDERR_FILENO)) {
    REQUIRE(file_ != nullptr);
    ::dup2(::fileno(file_), STDERR_FILENO);
  }
  ~log_lines() {
    restore();
    std::fclose(file_);
  }
  log_lines(const log_lines&) = delete;
  log_lines& operator=(const log_lines&) = delete;

  std::size_t with(const std::string& text) {
    restore();
    std::rewind(file_);
    std::size_t count = 0;
    std::string line(16'384, '\0');
    while (std::fgets(line.data(), static_cast<int>(line.size()), file_) != nullptr)
      count += line.find(text) < line.find('\0') ? 1 : 0;
    return count;
  }

private:
  void restore() {
    if (before_ < 0)
      return;
    std::fflush(stderr);
    ::dup2(before_, STDERR_FILENO);
    ::close(std::exchange(before_, -1));
  }
  std::FILE* file_;
  int before_;
};

} // namespace

TEST_CASE("an unknown type of any vendor is 200, and recorded as skipped",
          "[webhooks][door][bad_input]") {
  gate g;
  const auto all = unknown_types();
  for (const auto& s : all) {
    CAPTURE(s.name());
    CHECK(g.status_of(s, "Content-Type: " + s.type + "\r\n" + g.signature(s)) == 200);
  }
  const auto calls = g.hub.recorded();
  REQUIRE(calls.size() == all.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto kept = handlers::receipt::decode(calls[i].body);
    REQUIRE(kept);
    CAPTURE(kept->vendor, kept->what.type);
    CHECK(kept->vendor == all[i].name());
    CHECK(kept->what.kind == hooks::event_kind::skipped);
    CHECK(kept->body == all[i].body);
  }
}

TEST_CASE("bad input of any vendor stores nothing", "[webhooks][door][bad_input]") {
  gate g;
  for (const auto& s : unknown_types()) {
    CAPTURE(s.name());
    const auto type = "Content-Type: " + s.type + "\r\n";
    const auto signature = g.signature(s);
    // Content types and encodings.
    CHECK(g.status_of(s, signature + "Content-Type: text/plain\r\n") == 415);
    CHECK(g.status_of(s, signature + "Content-Type: multipart/form-data; boundary=x\r\n") == 415);
    CHECK(g.status_of(s, signature + type + "Content-Encoding: gzip\r\n") == 415);
    // Signatures: none, one of another kind, one of another body, one of another key.
    CHECK(g.status_of(s, type) == 401);
    for (const char* value : {"", "=", ",", "t=,v1=", "v0=", "sha256=", "nonsense", "%%%", "1"}) {
      CAPTURE(value);
      const auto status = g.status_of(s, type + with_value(signature, value));
      CHECK((status == 400 || status == 401));
    }
    auto other = s;
    other.body += " ";
    CHECK(g.status_of(other, type + signature) == 401);
    CHECK(g.status_of(s, type + signature + signature) == 400); // Which one is meant?
    auto tampered = s;
    tampered.body[tampered.body.size() / 2] ^= 1;
    CHECK(g.status_of(tampered, type + signature) == 401);
    // Replayed: what the vendor's page calls too old, and too early.
    if (has_tolerance(s.vendor)) {
      CHECK(g.status_of(s, type + g.signature(s, 301)) == 401);
      CHECK(g.status_of(s, type + g.signature(s, -301)) == 401);
    }
    // Bodies: too large, though signed; no text; nothing.
    auto large = s;
    large.body = std::string(body_size_max + 1, 'x');
    CHECK(g.status_of(large, type + g.signature(large)) == 413);
  }
  CHECK(g.hub.recorded().empty());
}

TEST_CASE("a signed body that is no event is 400, and stores nothing",
          "[webhooks][door][bad_input]") {
  gate g;
  for (auto s : unknown_types()) {
    CAPTURE(s.name());
    // A form of Twilio's may say anything: what says nothing is recorded as such.
    if (s.vendor == vendor_id::twilio) {
      s.body = "MessageSid=%zz";
      CHECK(g.status_of(s, "Content-Type: " + s.type + "\r\n" + g.signature(s)) != 500);
      continue;
    }
    for (const char* body : {"not JSON", "\xff\xfe", "{\"a\":\"\xff\"}", "7", "{", "[[", ""}) {
      s.body = body;
      CAPTURE(body);
      const auto status = g.status_of(s, "Content-Type: " + s.type + "\r\n" + g.signature(s));
      CHECK(status == 400);
    }
  }
  CHECK(g.hub.recorded().empty());
}

TEST_CASE("a batch of elements that are no events is one line of the log",
          "[webhooks][door][bad_input]") {
  gate g;
  sample s{vendor_id::sendgrid, "["};
  for (int i = 0; i < 3'000; ++i)
    s.body += "{},";
  s.body += R"({"sg_event_id":"e1","event":"open"}])";
  log_lines written;
  const auto status = g.status_of(s, "Content-Type: application/json\r\n" + g.signature(s));
  CHECK(written.with("webhook_unreadable") == 1);
  CHECK(status == 200);
  CHECK(g.hub.recorded().size() == 1); // The last one is good.
}
