#include "http_gateway/ingress/router.hpp"

#include "http_gateway/ingress/normal_form.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {
namespace {

constexpr std::size_t segment_count_max = 8;

no_route bad_path(std::string message) {
  return {400, std::move(message), {}, false};
}

no_route not_found(std::string message) {
  return {404, std::move(message), {}, false};
}

no_route wrong_method(std::string_view allow) {
  return {405, "This path takes " + std::string(allow) + " only.", std::string(allow), false};
}

/// As forms encode it: a plus is a space.
std::optional<std::string> query_decode(std::string_view text) {
  std::string out;
  return append_form_decoded(out, text) ? std::optional(std::move(out)) : std::nullopt;
}

/// The `delay` of a send's query, or why it is refused.
std::optional<no_route> read_delay(std::string_view query, call_route& to) {
  bool seen = false;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(part.find('='), part.size());
    const auto name = query_decode(part.substr(0, equals));
    if (!name || !equal_ignoring_case(*name, "delay"))
      continue;
    if (std::exchange(seen, true))
      return bad_path("delay is given more than once.");
    const auto value = query_decode(part.substr(std::min(equals + 1, part.size())));
    const auto delay = value ? parse_duration_ms(*value) : std::nullopt;
    if (!delay)
      return bad_path("delay must be a duration such as 10s, 1500ms, 2m, 1h, 1d or PT10S, "
                      "of at most 3650 days.");
    to.delay_ms = *delay;
  }
  if (seen && !to.one_way)
    return bad_path("delay needs /send at the end of the path.");
  return std::nullopt;
}

route under_restate(std::string_view method, std::vector<std::string>& s) {
  const auto size = s.size();
  // HEAD is a GET whose answer leaves without its body; the server sees to that.
  const bool get = method == "GET" || method == "HEAD", post = method == "POST";
  if (size == 2 && s[1] == "health")
    return get ? route(health_route{}) : route(wrong_method("GET, HEAD"));
  if (size == 4 && (s[1] == "awakeables" || s[1] == "a") &&
      (s[3] == "resolve" || s[3] == "reject")) {
    if (!post)
      return wrong_method("POST");
    return awakeable_route{std::move(s[2]), s[3] == "resolve"};
  }
  const bool wait = s.back() == "attach";
  if (wait || s.back() == "output") {
    std::optional<host::invocation_target> target;
    if (size == 4 && s[1] == "invocation")
      target = host::by_invocation_id{std::move(s[2])};
    else if (size == 7 && s[1] == "invocation")
      target =
          host::by_request_key{std::move(s[2]), std::move(s[3]), std::move(s[4]), std::move(s[5])};
    else if (size == 5 && s[1] == "workflow")
      target = host::by_workflow{std::move(s[2]), std::move(s[3])};
    if (target) {
      if (!get && !post)
        return wrong_method("GET, HEAD, POST");
      return attach_route{std::move(*target), wait};
    }
  }
  if (size >= 2 && s[1] == "scope")
    return not_found("Scopes are not supported here.");
  return not_found("There is nothing at this path under /restate.");
}

/// Twilio and Slack take an address with a query; what it says is the vendor's matter.
route under_webhooks(std::string_view method, std::vector<std::string>& s) {
  const auto refused = [](no_route why) {
    why.is_open = true;
    return why;
  };
  const bool is_custom = s.size() == 3 && s[1] == "custom";
  if (s.size() != 2 && !is_custom)
    return refused(not_found("Webhooks go to /webhooks/{vendor} and /webhooks/custom/{name}."));
  if (method != "POST")
    return refused(wrong_method("POST"));
  return webhook_route{is_custom ? "custom/" + s[2] : std::move(s[1])};
}

} // namespace

route route_of(std::string_view method, std::string_view target) {
  if (target.empty() || target.front() != '/')
    return bad_path("The path must begin with a slash.");
  const auto query_at = target.find('?');
  const auto query =
      query_at == std::string_view::npos ? std::string_view() : target.substr(query_at + 1);
  auto path = target.substr(1, std::min(query_at, target.size()) - 1);
  if (path.empty())
    return not_found("There is nothing at this path; calls go to /{service}/{key}/{handler}.");
  if (path.find('#') != std::string_view::npos)
    return bad_path("The path must not contain a fragment.");

  std::vector<std::string> segments;
  segments.reserve(4);
  for (bool more = true; more;) {
    const auto end = path.find('/');
    more = end != std::string_view::npos;
    auto decoded = percent_decode(path.substr(0, end));
    if (more)
      path.remove_prefix(end + 1);
    if (!decoded)
      return bad_path("The path has a malformed percent escape.");
    if (decoded->empty())
      return bad_path("The path has an empty segment.");
    if (!is_utf8(*decoded))
      return bad_path("The path is not valid UTF-8.");
    make_normal(*decoded);
    if (decoded->size() > segment_size_max)
      return bad_path("A path segment is longer than 255 bytes.");
    if (has_control_character(*decoded))
      return bad_path("The path contains a control character.");
    if (segments.size() == segment_count_max)
      return not_found("There is nothing at this path; calls go to /{service}/{key}/{handler}.");
    segments.push_back(std::move(*decoded));
  }

  if (segments.front() == "webhooks")
    return under_webhooks(method, segments);
  if (segments.front() == "restate")
    return under_restate(method, segments);
  const bool one_way = segments.size() == 4 && segments.back() == "send";
  if (segments.size() == 2)
    return not_found("Services here have keys: POST /{service}/{key}/{handler}.");
  if (segments.size() != 3 && !one_way)
    return not_found("There is nothing at this path; calls go to /{service}/{key}/{handler}.");
  if (method != "POST")
    return wrong_method("POST");
  call_route call{std::move(segments[0]), std::move(segments[1]), std::move(segments[2]), one_way,
                  0};
  if (!query.empty())
    if (auto refused = read_delay(query, call))
      return std::move(*refused);
  return call;
}

} // namespace orderhub::http_gateway
