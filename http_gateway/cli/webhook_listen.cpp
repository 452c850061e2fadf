#include "http_gateway/cli/webhook_listen.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/events.hpp"
#include "http_gateway/cli/member_text.hpp"
#include "http_gateway/cli/table_text.hpp"
#include "http_gateway/cli/webhook_forward.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/text.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t known_max = 100'000;
constexpr std::size_t sorted_max = 20'000;
constexpr std::int64_t known_before_ms = 600'000;

std::uint64_t number(const json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return it != object.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : 0;
}

/// Of a time as hubs write them.
std::optional<unix_ms> time_of(const std::string& utc) {
  int year = 0;
  unsigned month = 0, day = 0;
  std::int64_t hour = 0, minute = 0, second = 0, ms = 0;
  if (std::sscanf(utc.c_str(), "%4d-%2u-%2uT%2ld:%2ld:%2ld.%3ldZ", &year, &month, &day, &hour,
                  &minute, &second, &ms) != 7)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!date.ok())
    return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(days).count() +
         ((hour * 60 + minute) * 60 + second) * 1'000 + ms;
}

class listening {
public:
  listening(const listen_options& options, bool as_lines, const client& hub, std::ostream& out,
            std::ostream& err)
      : options_(options), as_lines_(as_lines), hub_(hub), out_(out), err_(err) {}

  int run() {
    std::int64_t lasts_ms = 0;
    if (!options_.lasts.empty()) {
      lasts_ms = parse_duration_ms(options_.lasts).value_or(0);
      if (lasts_ms <= 0)
        return refuse("--for must be a duration such as 30s or 2h");
    }
    if (const auto& url = options_.forward_to; !url.empty()) {
      if (!starts_with_ignoring_case(url, "http://") && !starts_with_ignoring_case(url, "https://"))
        return refuse("--forward-to must be a URL: http://127.0.0.1:3000/x");
      forward_.emplace(hub_, url, as_lines_, out_, err_);
    }
    if (const auto status = begin(); status != done)
      return status;
    return follow_stream(lasts_ms);
  }

private:
  int refuse(std::string_view why) const {
    err_ << "orderhub: " << why << '\n';
    return wrong_use;
  }

  /// By the hub's clock, not by that of whoever listens.
  int begin() {
    const auto body = body_of(hub_.get("/admin/status"), err_);
    if (const auto* status = std::get_if<int>(&body))
      return *status;
    const auto now = json::parse(std::get<std::string>(body), nullptr, false);
    floor_ = text(now, "at");
    place_ = now.is_object() ? text(now.value("journal", json()), "last_lsn") : "-";
    const auto at = time_of(floor_);
    if (!at || place_ == "-")
      return unreadable();
    if (options_.since.empty()) {
      // What came shortly before is known, not told: the door's clock and the journal's may differ,
      // and a record that changes nothing of an event is told by the stream too.
      floor_ = utc_text(std::max<std::int64_t>(*at - known_before_ms, 0));
      is_quiet_ = true;
      const auto status = list();
      is_quiet_ = false;
      return status;
    }
    const auto before = parse_duration_ms(options_.since);
    floor_ = before ? utc_text(std::max<std::int64_t>(*at - *before, 0)) : options_.since;
    if (floor_.ends_with('Z') && floor_.find('.') == std::string::npos)
      floor_.insert(floor_.size() - 1, ".000"); // As all of its texts are.
    return list();
  }

  int unreadable() const {
    err_ << "orderhub: the hub's answer cannot be read\n";
    return not_in_order;
  }

  /// What is stored since the floor, in the order in which it was received: lists go by key. Of
  /// very many that holds within each part of 20,000.
  int list() {
    std::vector<json> found;
    std::string cursor;
    for (bool is_first = true;; is_first = false) {
      auto path = "/admin/webhooks?limit=500&since=" + percent_encoded(floor_);
      if (!options_.vendor.empty())
        path += "&vendor=" + percent_encoded(options_.vendor);
      if (!cursor.empty())
        path += "&cursor=" + percent_encoded(cursor);
      const auto body = body_of(hub_.get(path), err_);
      if (const auto* status = std::get_if<int>(&body))
        return *status;
      auto page = json::parse(std::get<std::string>(body), nullptr, false);
      if (!page.is_object() || !page.contains("webhooks") || !page["webhooks"].is_array())
        return unreadable();
      if (is_first) // All pages are at least as new.
        place_ = text(page, "as_of_lsn");
      for (auto& one : page["webhooks"])
        found.push_back(std::move(one));
      cursor = page.contains("next") && page["next"].is_string() ? page["next"].get<std::string>()
                                                                 : std::string();
      if (!cursor.empty() && found.size() < sorted_max)
        continue;
      std::sort(found.begin(), found.end(), [](const json& a, const json& b) {
        return text(a, "received_at") < text(b, "received_at");
      });
      for (const auto& one : found)
        take(one);
      found.clear();
      if (const auto status = forward_all(); status != done)
        return status;
      if (cursor.empty())
        return done;
    }
  }

  int follow_stream(std::int64_t lasts_ms) {
    using clock = std::chrono::steady_clock;
    const auto until = clock::now() + std::chrono::milliseconds(lasts_ms);
    for (;;) {
      std::int64_t left_ms = 0;
      if (lasts_ms > 0) {
        left_ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
        if (left_ms <= 0)
          return done;
      }
      bool is_behind = false;
      int ended = done;
      const auto status = follow(hub_, "/admin/stream?topics=webhooks", place_, left_ms, err_,
                                 [&](const hub_event& event) {
                                   is_behind = event.name == "reset";
                                   if (event.name == "change")
                                     take_all(event.data);
                                   ended = forward_all();
                                   return ended == done && !is_behind && out_.good();
                                 });
      if (status == not_yet || ended != done)
        return ended;
      if (status != done || !is_behind)
        return status;
      err_ << "orderhub: too much has changed meanwhile; what was received since " << floor_
           << " is read again\n";
      if (const auto again = list(); again != done)
        return again;
    }
  }

  void take_all(const std::string& data) {
    const auto change = json::parse(data, nullptr, false);
    if (!change.is_object() || !change.contains("webhooks") || !change["webhooks"].is_array())
      return;
    for (const auto& one : change["webhooks"])
      if (options_.vendor.empty() || text(one, "vendor") == options_.vendor)
        take(one);
  }

  /// What is known of one that was told.
  struct told {
    std::string verdict, order;
    std::uint64_t replays = 0;
    friend bool operator==(const told&, const told&) = default;
  };

  void take(const json& one) {
    const auto id = text(one, "id");
    const told now{text(one, "verdict"), text(one, "order"), number(one, "replays")};
    const auto [it, is_new] = known_.try_emplace(id, now);
    const auto before = std::exchange(it->second, now);
    if (is_new)
      forget_oldest(id);
    else if (before == now)
      return;
    const bool is_late = is_new && text(one, "received_at") < floor_;
    if (now.replays > (is_new ? 0 : before.replays))
      tell("replayed", one, now.replays);
    else if (is_new && !is_late)
      tell("received", one, 0);
    else
      tell("changed", one, 0);
  }

  void tell(const char* what, const json& one, std::uint64_t replays) {
    if (is_quiet_)
      return;
    if (as_lines_) {
      json line{{"event", what}};
      line.update(one);
      out_ << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    } else {
      std::string how = what;
      if (replays > 1)
        how += " (" + std::to_string(replays) + ")";
      const std::vector<std::string> cells = {text(one, "received_at"), how,
                                              text(one, "id"),          text(one, "type"),
                                              text(one, "verdict"),     text(one, "order")};
      const auto table = table_text(std::vector<std::string>(cells.size()), {cells});
      out_ << table.substr(table.find('\n') + 1);
    }
    out_ << std::flush;
    if (forward_ && what != std::string_view("changed"))
      forward_->add(text(one, "id"), replays);
  }

  exit_status forward_all() { return forward_ ? forward_->give_all() : done; }

  void forget_oldest(const std::string& newest) {
    order_.push_back(newest);
    if (order_.size() <= known_max)
      return;
    known_.erase(order_.front());
    order_.pop_front();
  }

  const listen_options& options_;
  const bool as_lines_;
  const client& hub_;
  std::ostream& out_;
  std::ostream& err_;
  std::optional<webhook_forward> forward_;
  std::string floor_; ///< Received then or later is new. UTC texts of one form, or a date.
  std::string place_; ///< In the log, where the list was read.
  bool is_quiet_ = false;
  std::unordered_map<std::string, told> known_;
  std::deque<std::string> order_; ///< Of `known_`, oldest first.
};

} // namespace

int listen_to_webhooks(const listen_options& options, bool as_lines, const client& hub,
                       std::ostream& out, std::ostream& err) {
  return listening(options, as_lines, hub, out, err).run();
}

} // namespace orderhub::http_gateway::cli
