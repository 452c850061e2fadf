#include "journal/base/metrics.hpp"
#include "tests/support/catch2.hpp"

using namespace orderhub;

TEST_CASE("a family is named once before its samples", "[base]") {
  metrics_writer out;
  out.one("orders_total", metric_kind::counter, 18'446'744'073'709'551'615ULL, "Orders taken.");
  out.family("places", metric_kind::gauge);
  out.sample({{"vendor", "stripe"}, {"kind", "read"}}, 3);
  out.sample({{"vendor", "slack"}, {"kind", "read"}}, -1);
  CHECK(out.take() == "# HELP orders_total Orders taken.\n"
                      "# TYPE orders_total counter\n"
                      "orders_total 18446744073709551615\n"
                      "# TYPE places gauge\n"
                      "places{vendor=\"stripe\",kind=\"read\"} 3\n"
                      "places{vendor=\"slack\",kind=\"read\"} -1\n");
}

TEST_CASE("neither help nor label can end its line or its quotes", "[base]") {
  metrics_writer out;
  out.family("n", metric_kind::gauge, "a\\b\n\"c\"");
  out.sample({{"l", "a\\b\n\"c\""}}, true);
  CHECK(out.take() == "# HELP n a\\\\b\\n\"c\"\n"
                      "# TYPE n gauge\n"
                      "n{l=\"a\\\\b\\n\\\"c\\\"\"} 1\n");
}
