#include "actors/host/vendor_calls.hpp"

#include "actors/durable/object_machine.hpp"
#include "journal/base/text.hpp"
#include "providers/policy/answer_trace.hpp"
#include "providers/transport.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace orderhub::host {

namespace {

constexpr std::size_t what_max = 64, object_max = 128;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

std::string shown_path(std::string_view path) {
  std::string shown;
  path = path.substr(0, path.find('?'));
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    shown.append("/").append(is_plain(segment) ? segment : std::string_view("…"));
  }
  return shown;
}

std::uint32_t bounded(std::size_t size) {
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(size, std::numeric_limits<std::uint32_t>::max()));
}

std::uint16_t fitted(std::int64_t n) {
  return static_cast<std::uint16_t>(
      std::clamp<std::int64_t>(n, 0, std::numeric_limits<std::uint16_t>::max()));
}

} // namespace

std::size_t call_class_index(std::string_view call_class) {
  const auto it = std::find(call_classes.begin(), call_classes.end(), call_class);
  return it == call_classes.end() ? 0 : static_cast<std::size_t>(it - call_classes.begin());
}

seen_call seen(const durable::vendor_call& call) {
  constexpr std::string_view custom = "custom_";
  seen_call s;
  s.call_class = static_cast<std::uint8_t>(call_class_index(call.call_class));
  s.is_lookup = call.lookup;
  s.what = call.request.method;
  if (!call.vendor.starts_with(custom))
    s.what += ' ' + shown_path(call.request.target);
  cut_text(s.what, what_max);
  s.invocation = call.ref.invocation;
  s.request_bytes = bounded(call.request.body.size());
  return s;
}

void note_end(seen_call& call, const providers::transport_outcome& outcome) {
  using providers::outcome_kind;
  call.was_answered = outcome.kind == outcome_kind::response;
  if (!call.was_answered) {
    call.why = outcome.kind == outcome_kind::not_sent ? "not_sent" : "lost";
    return;
  }
  call.status = static_cast<std::uint16_t>(outcome.response.status);
  call.answer_bytes = bounded(outcome.response.body.size());
  call.request_id = providers::request_id_of(outcome.response);
}

call_record_sizes call_record_sizes_for(std::size_t vendors) {
  constexpr std::size_t bytes_max = std::size_t{1} << 20U; // Of each of the two.
  constexpr std::size_t call_bytes =
      sizeof(seen_call) + what_max + object_max + providers::request_id_max;
  constexpr std::size_t sample_bytes = sizeof(call_sample) * call_classes.size();
  const auto share = bytes_max / std::max<std::size_t>(vendors, 1);
  call_record_sizes sizes;
  sizes.calls = std::clamp<std::size_t>(share / call_bytes, 1, sizes.calls);
  sizes.samples = std::clamp<std::size_t>(share / sample_bytes, 1, sizes.samples);
  return sizes;
}

void call_record::add(seen_call call, unix_ms now) {
  auto& c = classes_.at(call.call_class);
  const auto size = static_cast<std::int64_t>(sizes_.samples);
  const auto number = std::max(now / sample_ms, c.newest);
  if (c.ring.empty())
    c.ring.resize(sizes_.samples);
  for (auto n = std::max(c.newest + 1, number - size + 1); n <= number; ++n)
    c.ring[static_cast<std::size_t>(n % size)] = {};
  c.newest = number;
  auto& s = c.ring[static_cast<std::size_t>(number % size)];
  if (s.calls < std::numeric_limits<std::uint16_t>::max()) {
    const auto before = std::int64_t{s.calls};
    s.mean_ms = fitted((before * s.mean_ms + call.took_ms) / (before + 1));
    ++s.calls;
    s.failed = fitted(s.failed + (call.has_failed() ? 1 : 0));
  }
  s.max_ms = std::max(s.max_ms, fitted(call.took_ms));

  cut_text(call.object, object_max);
  calls_.push_front(std::move(call));
  if (calls_.size() > sizes_.calls)
    calls_.pop_back();
}

template <class Function>
void call_record::each(std::int64_t range_ms, unix_ms now, Function&& does) const {
  const auto size = static_cast<std::int64_t>(sizes_.samples);
  const auto last = now / sample_ms;
  const auto first = std::max<std::int64_t>((now - range_ms) / sample_ms + 1, 0);
  for (auto n = first; n <= last; ++n)
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      const auto& c = classes_.at(k);
      if (c.ring.empty() || n > c.newest || n <= c.newest - size)
        continue;
      if (const auto& s = c.ring[static_cast<std::size_t>(n % size)]; s.calls > 0)
        does(point{n * sample_ms, static_cast<std::uint8_t>(k), s});
    }
}

std::vector<call_record::point> call_record::series(std::int64_t range_ms, unix_ms now) const {
  std::vector<point> points;
  each(range_ms, now, [&](const point& p) { points.push_back(p); });
  return points;
}

call_record::volume call_record::in(std::int64_t range_ms, unix_ms now) const {
  volume sum;
  each(range_ms, now, [&](const point& p) {
    sum.calls += p.sample.calls;
    sum.failed += p.sample.failed;
  });
  return sum;
}

} // namespace orderhub::host
