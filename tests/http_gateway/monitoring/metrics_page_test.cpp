#include "http_gateway/monitoring/metrics_page.hpp"
#include "tests/support/catch2.hpp"

#include <array>
#include <string>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

constexpr std::array<std::int64_t, 2> ends = {500, 2'000'000};
constexpr histogram_shape seconds{ends, 1'000'000};

metrics_page example() {
  metrics_page page;
  page.one("orderhub_orders_total", metric_kind::counter, 3, "Orders accepted.");
  page.family("orderhub_orders", metric_kind::gauge, "Orders by status.");
  page.sample({{"status", "a\\b\n\"c\""}}, 2);
  page.one("orderhub_commits_total", metric_kind::counter, std::uint64_t{1} << 40U, "Commits.");
  page.one("orderhub_age_seconds", metric_kind::gauge, 0.25, "Age.");
  page.family("orderhub_took_seconds", metric_kind::histogram, "How long.");
  histogram h(seconds);
  invocation_id whose;
  h.add(400);
  h.add(1'500'000, whose, 1'700'000'000'123);
  h.add(9'000'000);
  page.sample({{"vendor", "stripe"}}, h.values());
  page.family("orderhub_none_seconds", metric_kind::histogram, "Of which there is none.");
  page.sample({}, histogram(seconds).values());
  return page;
}

} // namespace

TEST_CASE("Prometheus' text names each family and ends in its values", "[monitoring]") {
  CHECK(example().text(metrics_format::text) == R"(# HELP orderhub_orders_total Orders accepted.
# TYPE orderhub_orders_total counter
orderhub_orders_total 3
# HELP orderhub_orders Orders by status.
# TYPE orderhub_orders gauge
orderhub_orders{status="a\\b\n\"c\""} 2
# HELP orderhub_commits_total Commits.
# TYPE orderhub_commits_total counter
orderhub_commits_total 1099511627776
# HELP orderhub_age_seconds Age.
# TYPE orderhub_age_seconds gauge
orderhub_age_seconds 0.25
# HELP orderhub_took_seconds How long.
# TYPE orderhub_took_seconds histogram
orderhub_took_seconds_count{vendor="stripe"} 3
orderhub_took_seconds_sum{vendor="stripe"} 10.5004
orderhub_took_seconds_bucket{vendor="stripe",le="0.0005"} 1
orderhub_took_seconds_bucket{vendor="stripe",le="2"} 2
orderhub_took_seconds_bucket{vendor="stripe",le="+Inf"} 3
# HELP orderhub_none_seconds Of which there is none.
# TYPE orderhub_none_seconds histogram
)");
}

TEST_CASE("OpenMetrics has units, exemplars and an end, and no family twice", "[monitoring]") {
  CHECK(example().text(metrics_format::open_metrics) ==
        R"(# TYPE orderhub_orders_total unknown
# HELP orderhub_orders_total Orders accepted.
orderhub_orders_total 3
# TYPE orderhub_orders gauge
# HELP orderhub_orders Orders by status.
orderhub_orders{status="a\\b\n\"c\""} 2
# TYPE orderhub_commits counter
# HELP orderhub_commits Commits.
orderhub_commits_total 1099511627776
# TYPE orderhub_age_seconds gauge
# UNIT orderhub_age_seconds seconds
# HELP orderhub_age_seconds Age.
orderhub_age_seconds 0.25
# TYPE orderhub_took_seconds histogram
# UNIT orderhub_took_seconds seconds
# HELP orderhub_took_seconds How long.
orderhub_took_seconds_bucket{vendor="stripe",le="0.0005"} 1
orderhub_took_seconds_bucket{vendor="stripe",le="2.0"} 2 # {invocation="inv_)" +
            invocation_id().text().substr(4) + R"("} 1.5 1700000000.123
orderhub_took_seconds_bucket{vendor="stripe",le="+Inf"} 3
orderhub_took_seconds_count{vendor="stripe"} 3
orderhub_took_seconds_sum{vendor="stripe"} 10.5004
# TYPE orderhub_none_seconds histogram
# UNIT orderhub_none_seconds seconds
# HELP orderhub_none_seconds Of which there is none.
# EOF
)");
}

TEST_CASE("a page holds so many series, and says what it left out", "[monitoring]") {
  metrics_page page;
  histogram h(seconds);
  h.add(1);
  page.family("orderhub_took_seconds", metric_kind::histogram, "How long.");
  for (int n = 0; n < 1'000; ++n)
    page.sample({{"n", std::to_string(n)}}, h.values());
  CHECK(page.series() == metrics_page::series_max);
  CHECK(page.left_out() == 1'000 * 5 - metrics_page::series_max);
  page.one("orderhub_one_more", metric_kind::gauge, 1, "One more.");
  CHECK(page.left_out() == 1'000 * 5 - metrics_page::series_max + 1);
}

TEST_CASE("a scraper gets what it wants most", "[monitoring]") {
  const auto wants_open = [](std::string_view accept) {
    return format_wanted(accept) == metrics_format::open_metrics;
  };
  // As Prometheus 2.42 and 3 send it.
  CHECK(wants_open("application/openmetrics-text;version=1.0.0,"
                   "application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK(wants_open("text/plain;q=0.3, application/openmetrics-text ; version=1.0.0 ; q=0.9"));
  CHECK_FALSE(wants_open(""));
  CHECK_FALSE(wants_open("*/*"));
  CHECK_FALSE(wants_open("text/plain"));
  CHECK_FALSE(wants_open("text/plain, application/openmetrics-text;version=1.0.0;q=0.5"));
  CHECK_FALSE(wants_open("application/openmetrics-text;version=2.0.0, */*;q=0.1"));
  CHECK_FALSE(wants_open("application/openmetrics-text;q=0"));
  CHECK_FALSE(wants_open("application/openmetrics-text;version=1.0.0;q=nonsense;q=0"));
}
