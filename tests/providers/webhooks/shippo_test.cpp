#include "providers/shippo/wire.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers {
namespace {

using testing::read_one;
using testing::sent_delivery;
using webhooks::event_kind;
using webhooks::refusal;

std::string metadata_of(const step_ref& ref) {
  return shippo::wire::metadata(ref, 2);
}

std::string track(const std::string& status, const std::string& date, const std::string& object_id,
                  const std::string& more = "") {
  return std::string() +
         R"({"event":"track_updated","test":false,"data":{"carrier":"usps",)"
         R"("tracking_number":"9200000000000000000001",)" +
         (object_id.empty() ? "" : "\"transaction\":\"t1\",") +
         R"("address_to":{"city":"Springfield","zip":"62701"},"tracking_status":{"object_id":")" +
         object_id + R"(","status":")" + status + R"(","status_date":")" + date +
         R"(","status_details":"Left with Ada at the door.","substatus":{"code":"delivered",)"
         R"("text":"Package delivered.","action_required":false}},"tracking_history":[])" +
         more + "}}";
}

std::string transaction(const std::string& status, const std::string& metadata,
                        const std::string& more = "") {
  return R"({"event":"transaction_updated","test":false,"data":{"object_id":"t1","status":")" +
         status +
         R"(","object_updated":"2026-11-25T09:35:06.123Z","tracking_number":"9200000000000000000001",)"
         R"("rate":{"object_id":"r1","amount":"8.35"},"label_url":"https://example.com/x.pdf",)"
         R"("metadata":")" +
         metadata + "\"" + more + "}}";
}

TEST_CASE("a parcel's state is its tracking status", "[webhooks][shippo]") {
  struct row {
    const char* status;
    event_kind kind;
  };
  for (const auto& [status, kind] :
       {row{"UNKNOWN", event_kind::tracking_unknown},
        row{"PRE_TRANSIT", event_kind::tracking_unknown}, row{"TRANSIT", event_kind::in_transit},
        row{"DELIVERED", event_kind::delivered}, row{"RETURNED", event_kind::returned},
        row{"FAILURE", event_kind::delivery_failed}, row{"NEW_WORD", event_kind::skipped},
        row{"", event_kind::skipped}}) {
    CAPTURE(status);
    const auto e = read_one("shippo", track(status, "2026-11-25T09:35:06.5Z", "s1"));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(kind));
    CHECK(e.type == "track_updated");
    CHECK(e.id == "track:usps:9200000000000000000001:s1");
    CHECK(e.at_ms == 1'795'599'306'500);
    CHECK(e.reference == "9200000000000000000001");
    CHECK(e.vendor_ids == std::vector<std::string>{"9200000000000000000001", "t1"});
    CHECK(e.code == "delivered");
    CHECK(e.is_live);
  }
}

// N13: hours late, twice, and in the wrong order: the same id for the same word, and the carrier's
// own time for each, by which they are put in order.
TEST_CASE("the same word of a carrier is the same event", "[webhooks][shippo]") {
  const auto moved = read_one("shippo", track("TRANSIT", "2026-11-25T09:00:00Z", ""));
  const auto again = read_one("shippo", track("TRANSIT", "2026-11-25T09:00:00Z", ""));
  const auto there = read_one("shippo", track("DELIVERED", "2026-11-25T11:00:00Z", ""));
  const auto later = read_one("shippo", track("TRANSIT", "2026-11-25T10:00:00Z", ""));
  CHECK(moved.id == again.id);
  CHECK(moved.id != there.id);
  CHECK(moved.id != later.id);
  CHECK(moved.at_ms < later.at_ms);
  CHECK(later.at_ms < there.at_ms);
  CHECK(moved.vendor_ids == std::vector<std::string>{"9200000000000000000001"});
}

TEST_CASE("a label's state is its transaction's", "[webhooks][shippo]") {
  struct row {
    const char* status;
    event_kind kind;
  };
  const step_ref ours{testing::own_hub, "ord-1001", "label", "2.1"};
  for (const auto& [status, kind] :
       {row{"SUCCESS", event_kind::label_bought}, row{"ERROR", event_kind::label_failed},
        row{"REFUNDED", event_kind::label_refunded},
        row{"REFUNDPENDING", event_kind::label_refund_pending},
        row{"REFUNDREJECTED", event_kind::label_refund_failed}, row{"QUEUED", event_kind::skipped},
        row{"WAITING", event_kind::skipped}, row{"NEW", event_kind::skipped}}) {
    CAPTURE(status);
    const auto e =
        read_one("shippo", transaction(status, metadata_of(ours),
                                       R"(,"messages":[{"source":"USPS",)"
                                       R"("code":"carrier_timeout","text":"1 Main St"}])"));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(kind));
    CHECK(e.id == std::string("transaction:t1:") + status + ":2026-11-25T09:35:06.123Z");
    CHECK(e.about == ours);
    CHECK(e.generation == "2");
    CHECK(e.code == (kind == event_kind::label_failed ? "carrier_timeout" : ""));
    CHECK(e.vendor_ids == std::vector<std::string>{"t1", "9200000000000000000001", "r1",
                                                   shippo::wire::digest_in(metadata_of(ours))});
  }
}

TEST_CASE("whose label it is, its metadata's digest says", "[webhooks][shippo]") {
  const auto about = [](const step_ref& ref) {
    return read_one("shippo", transaction("SUCCESS", metadata_of(ref))).about;
  };
  for (const char* attempt : {"1", "3", "1.1", "2.4"})
    CHECK(about({testing::own_hub, "ord-1001", "label", attempt}).attempt == attempt);
  // Another hub's, of an order with the same key.
  const step_ref foreign{std::string(32, 'f'), "ord-1001", "label", "1"};
  CHECK(about(foreign).hub == shippo::wire::digest_in(metadata_of(foreign)));
  CHECK(about(foreign).order_id == "ord-1001");
  // An order's key may hold the very words; one that is too long is not whole, and names nothing.
  const step_ref tricky{testing::own_hub, "a order_id:b step:c", "label", "1"};
  CHECK(about(tricky) == tricky);
  const step_ref cut_step{testing::own_hub, std::string(55, 'k'), "label", "1"};
  REQUIRE(metadata_of(cut_step).size() == shippo::metadata_size_max);
  CHECK(about(cut_step) == cut_step);
  const step_ref too_long{testing::own_hub, std::string(80, 'k'), "label", "1"};
  const auto e = read_one("shippo", transaction("SUCCESS", metadata_of(too_long)));
  CHECK(e.about == step_ref{"", "", "", ""});
  CHECK(e.vendor_ids.back() == shippo::wire::digest_in(metadata_of(too_long)));
  // Metadata that is not ours.
  for (const char* text :
       {"", "Order 7", "order_id:ord-1001", "oh:0123456789abcdeg order_id:x step:y"})
    CHECK(read_one("shippo", transaction("SUCCESS", text)).about == step_ref{"", "", "", ""});
}

TEST_CASE("trials and unknown events of Shippo's are recorded and no more", "[webhooks][shippo]") {
  const auto trial = read_one("shippo", R"({"event":"track_updated","test":true,"data":{"carrier":)"
                                        R"("shippo","tracking_number":"SHIPPO_TRANSIT",)"
                                        R"("metadata":"Shippo test webhook","tracking_status":)"
                                        R"({"status":"TRANSIT"}}})");
  CHECK(trial.kind == event_kind::handshake);
  CHECK_FALSE(trial.is_live);
  // A label bought with a test token is no trial.
  CHECK(read_one("shippo", R"({"event":"track_updated","test":true,"data":{"carrier":"usps",)"
                           R"("tracking_number":"92","tracking_status":{"status":"TRANSIT"}}})")
            .kind == event_kind::in_transit);
  CHECK(read_one("shippo", R"({"event":"batch_created","test":false,"data":{"object_id":"b"}})")
            .kind == event_kind::skipped);
  CHECK(read_one("shippo", R"({"event":"test_event","test":true})").kind == event_kind::handshake);
  CHECK(read_one("shippo", R"({"event":"track_updated","data":{}})").id.starts_with("sha256:"));
}

TEST_CASE("either proof is enough, and neither is half of one", "[webhooks][shippo]") {
  sent_delivery sent;
  sent.body = "{}";
  const auto t = std::to_string(sent.now_s);
  const auto header = "t=" + t + ",v1=" +
                      webhooks::hmac_hex(webhooks::hash_algorithm::sha256, "hmac-key", {t, ".{}"});
  CHECK(testing::verify("shippo", sent, {"hmac-key"}).why == refusal::no_signature);
  sent.headers = {{"shippo-auth-signature", header}};
  CHECK(testing::verify("shippo", sent, {"url-token", "hmac-key"}).why == refusal::none);
  CHECK(testing::verify("shippo", sent, {"url-token"}).why == refusal::wrong);
  sent.target = "/webhooks/shippo?x=1&token=url%2Dtoken";
  CHECK(testing::verify("shippo", sent, {"url-token"}).why == refusal::none);
  sent.target = "/webhooks/shippo?token=other&token=url-token"; // The first counts.
  sent.headers.clear();
  CHECK(testing::verify("shippo", sent, {"url-token"}).why == refusal::wrong);
  sent.target = "/webhooks/shippo?token=";
  CHECK(testing::verify("shippo", sent, {"url-token"}).why == refusal::no_signature);
  for (const char* bad : {"t=1", "v1=00", "t=1,v1=", "t=x,v1=00", "t=1,v1=00,v1=00", "t=1;v1=00"}) {
    CAPTURE(bad);
    sent.headers = {{"shippo-auth-signature", bad}};
    sent.target = "/webhooks/shippo";
    CHECK(testing::verify("shippo", sent, {"hmac-key"}).why == refusal::malformed);
  }
  sent.headers = {{"shippo-auth-signature", header}};
  sent.now_s += 301;
  CHECK(testing::verify("shippo", sent, {"hmac-key"}).why == refusal::too_old);
  sent.now_s -= 602;
  CHECK(testing::verify("shippo", sent, {"hmac-key"}).why == refusal::too_new);
}

} // namespace
} // namespace orderhub::providers
