#include "http_gateway/monitoring/families.hpp"

#include <algorithm>
#include <array>

namespace orderhub::http_gateway {

void add_http(metrics_page& page, listeners all) {
  using enum metric_kind;
  const auto each = [&](std::string_view name, metric_kind kind, auto number,
                        std::string_view help) {
    page.family(name, kind, help);
    for (const auto& [listener, m] : all)
      page.sample({{"listener", listener}}, m.*number);
  };
  using m = server_metrics;
  each("orderhub_http_connections", gauge, &m::connections_now, "Connections open.");
  each("orderhub_http_connections_accepted_total", counter, &m::connections,
       "Connections accepted.");
  each("orderhub_http_connections_refused_total", counter, &m::connections_refused,
       "Connections refused for the limit on connections.");
  each("orderhub_http_requests_in_flight", gauge, &m::in_flight_now, "Requests not answered yet.");
  each("orderhub_http_requests_waiting", gauge, &m::waits_now,
       "Of these, who waits for something that goes on without them.");
  each("orderhub_http_sending_bytes", gauge, &m::sending_bytes_now,
       "Bytes of responses not taken yet.");
  each("orderhub_http_receiving_bytes", gauge, &m::receiving_bytes_now,
       "Room taken by larger request bodies.");
  each("orderhub_http_requests_overloaded_total", counter, &m::overloaded,
       "Requests refused for the limits on requests in flight and on bytes.");
  each("orderhub_http_requests_malformed_total", counter, &m::malformed,
       "Requests refused by the HTTP parser or its limits.");
  each("orderhub_http_requests_timed_out_total", counter, &m::timed_out,
       "Requests answered 504 because their time had passed.");
  each("orderhub_http_slow_clients_total", counter, &m::slow_clients,
       "Connections ended because the client was too slow.");
  // A counter that begins at its first value is not seen to grow: of a handler that was ever called
  // the classes that alerts ask for are there from the beginning.
  const auto is_shown = [](const handler_metrics& h, std::size_t n) {
    constexpr std::array asked_for = {status_class_of(200), status_class_of(400),
                                      status_class_of(429), status_class_of(500)};
    return h.took[n].count() > 0 ||
           (std::find(asked_for.begin(), asked_for.end(), n) != asked_for.end() &&
            std::any_of(h.took.begin(), h.took.end(), [](const auto& v) { return v.count() > 0; }));
  };
  const auto by_handler = [&](auto add) {
    for (const auto& [listener, of] : all)
      for (const auto& h : of.handlers)
        for (std::size_t n = 0; n < h.took.size(); ++n)
          if (is_shown(h, n))
            add({{"listener", listener}, {"handler", h.handler}, {"class", status_classes[n]}},
                h.took[n]);
  };
  page.family("orderhub_http_requests_total", counter,
              "Requests answered, by handler and class of status.");
  by_handler([&](metrics_page::labels of, const histogram_values& took) {
    page.sample(of, took.count());
  });
  page.family("orderhub_http_request_duration_seconds", metric_kind::histogram,
              "From the whole request to its answer.");
  by_handler([&](metrics_page::labels of, const histogram_values& took) { page.sample(of, took); });
}

} // namespace orderhub::http_gateway
