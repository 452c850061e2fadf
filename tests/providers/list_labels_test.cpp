#include "providers/shippo/list_labels.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers::shippo {

TEST_CASE("a listed label is recognised by what its purchase sent", "[providers][shippo]") {
  const step_ref ref{testing::sample_hub, "ord-1001", "label", "1"};
  const auto digest = label_digest(ref);
  CHECK(digest.size() == 19);
  CHECK(buy_label({ref, "rate_1"}).raw.request.body.find(digest + " gen:1 ") != std::string::npos);
  for (const step_ref& other : {step_ref{"another hub", "ord-1001", "label", "1"},
                                step_ref{testing::sample_hub, "ord-1002", "label", "1"},
                                step_ref{testing::sample_hub, "ord-1001", "shipment", "1"},
                                step_ref{testing::sample_hub, "ord-1001", "label", "2"}})
    CHECK(label_digest(other) != digest);
}

TEST_CASE("times are written as Shippo writes them", "[providers][shippo]") {
  CHECK(created_text(0) == "1970-01-01T00:00:00");
  CHECK(created_text(-5) == "1970-01-01T00:00:00");
  CHECK(created_text(1'700'000'000'999) == "2023-11-14T22:13:20");
  CHECK(created_text(1'709'209'723'000) == "2024-02-29T12:28:43");
  CHECK(created_text(4'102'444'799'000) == "2099-12-31T23:59:59");
}

TEST_CASE("a page is what was read of it", "[providers][shippo]") {
  const label_page page{{{"oh:0123456789abcdef",
                          "2026-11-25T09:35:06",
                          label_standing::bought,
                          {"txn_1", "9400", "https://l.example/1.pdf", "https://t.example"}},
                         {"oh:00000000000000aa", "", label_standing::unclear, {}}},
                        "2026-11-25T09:35:06",
                        true};
  const auto read = label_page::decode(page.encode());
  REQUIRE(read);
  CHECK(*read == page);
  for (const auto* text :
       {"", "[]", "{}", R"({"labels":[],"oldest":""})", R"({"labels":[{}],"is_last":true})",
        R"({"labels":[{"standing":5}],"is_last":true})",
        R"({"labels":[{"standing":4,"label":"{}"}],"is_last":true})"}) {
    CAPTURE(text);
    const auto none = label_page::decode(text);
    REQUIRE_FALSE(none);
    CHECK(none.error().kind == error_kind::corrupt);
  }
}

} // namespace orderhub::providers::shippo
