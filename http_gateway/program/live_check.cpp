#include "http_gateway/program/live_check.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/table_text.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace orderhub::http_gateway {

namespace {

using state = live_finding::state;
using providers::outcome_kind;

constexpr std::int64_t answers_within_ms = 15'000;
/// Where the built-in mocks would listen.
constexpr std::string_view any_mock_base = "http://127.0.0.1:1";

/// Outcomes of calls that are out at the same time; outlives them by being shared.
class outcomes {
public:
  void expect() {
    const std::lock_guard lock(mutex_);
    ++left_;
  }
  void put(const std::string& endpoint, providers::transport_outcome outcome) {
    const std::lock_guard lock(mutex_);
    all_.insert_or_assign(endpoint, std::move(outcome));
    --left_;
    wake_.notify_all();
  }
  /// When every one has come: each has a deadline.
  std::map<std::string, providers::transport_outcome> take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return left_ == 0; });
    return std::move(all_);
  }

private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t left_ = 0;
  std::map<std::string, providers::transport_outcome> all_;
};

providers::wire_request wire_of(const providers::live_read& read,
                                const providers::endpoint& endpoint) {
  providers::wire_request wire;
  wire.method = read.request.method;
  wire.url = secret(endpoint.base + endpoint.path.reveal() + read.request.target);
  wire.headers = read.request.headers;
  wire.secret_headers = endpoint.secret_headers;
  wire.body = read.request.body;
  wire.deadline_ms = answers_within_ms;
  return wire;
}

/// 404, 405 and what is left of 3xx say that it is another place.
bool is_about_place(int status) {
  return (status >= 300 && status < 400) || status == 404 || status == 405;
}

live_finding finding_of(const providers::live_read& read, const providers::endpoint& endpoint,
                        const std::string& configured_by,
                        const providers::transport_outcome& outcome) {
  live_finding found{endpoint.vendor, state::away, read.account, endpoint.mode, {}};
  if (outcome.kind != outcome_kind::response) {
    found.text = "It was not reached: " + outcome.reason + ".";
    return found;
  }
  auto said = read.read(outcome.response);
  if (said) {
    found.what = state::sound;
    if (!said->account.empty())
      found.account = std::move(said->account);
    if (!said->mode.empty() && endpoint.mode != "mock")
      found.mode = std::move(said->mode);
    found.text = std::move(said->note);
    return found;
  }
  const auto& why = said.error();
  if (why.kind == error_kind::unavailable || why.kind == error_kind::in_doubt) {
    found.text = "It is to be asked later: " + why.message + ".";
    return found;
  }
  found.what = state::wrong;
  if (providers::tells_redirect(why.message)) {
    found.text = configured_by + ": it answers with a " + why.message + ".";
    return found;
  }
  found.text =
      (is_about_place(outcome.response.status) ? configured_by : std::string(read.credential)) +
      ": it does not take these (" + why.message + ").";
  return found;
}

std::map<std::string, providers::live_read> reads_of(const settings& s) {
  std::map<std::string, providers::live_read> all;
  for (const auto& v : providers::all_vendors())
    if (v.live_reads_of != nullptr)
      for (auto& read : v.live_reads_of(s.configuration_of(v, any_mock_base)))
        all.insert_or_assign(std::string(read.endpoint), std::move(read));
  return all;
}

} // namespace

std::vector<live_finding> check_live(const settings& s, providers::transport& net) {
  const auto vendors = make_registry(s, any_mock_base);
  if (!vendors)
    return {};
  const auto reads = reads_of(s);
  const auto came = std::make_shared<outcomes>();
  for (const auto& [name, endpoint] : vendors->endpoints)
    if (const auto read = reads.find(name); read != reads.end() && endpoint.identity.empty()) {
      came->expect();
      net.send(wire_of(read->second, endpoint),
               [came, who = name](auto outcome) { came->put(who, std::move(outcome)); });
    }
  const auto all = came->take();
  std::vector<live_finding> found;
  for (const auto& [name, endpoint] : vendors->endpoints) {
    if (const auto outcome = all.find(name); outcome != all.end())
      found.push_back(
          finding_of(reads.at(name), endpoint, vendors->settings_of(name), outcome->second));
    else
      found.push_back({name,
                       state::not_asked,
                       {},
                       endpoint.mode,
                       endpoint.identity.empty() ? "No read of it is known that changes nothing."
                                                 : "It is the built-in mock."});
  }
  return found;
}

std::string_view name_of(live_finding::state what) {
  switch (what) {
  case state::sound:
    return "sound";
  case state::wrong:
    return "wrong";
  case state::away:
    return "away";
  case state::not_asked:
    break;
  }
  return "not_asked";
}

int status_of(const std::vector<live_finding>& found) {
  const auto any = [&](state what) {
    return std::any_of(found.begin(), found.end(),
                       [what](const auto& f) { return f.what == what; });
  };
  return any(state::wrong) ? cli::wrong_use : any(state::away) ? cli::not_reached : cli::done;
}

std::string shown_live(const std::vector<live_finding>& found) {
  const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
  std::vector<std::vector<std::string>> rows;
  for (const auto& f : found)
    rows.push_back({f.vendor, std::string(name_of(f.what)), or_none(f.mode), or_none(f.account),
                    or_none(f.text)});
  return cli::table_text({"VENDOR", "KEY", "MODE", "ACCOUNT", "WHY"}, rows);
}

} // namespace orderhub::http_gateway
