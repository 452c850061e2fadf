#include "http_gateway/cli/journal_tail.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/events.hpp"
#include "http_gateway/cli/member_text.hpp"
#include "http_gateway/cli/shown.hpp"
#include "journal/base/duration.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t orders_max = 10'000;
constexpr std::size_t page_size = 200;
constexpr int pages_max = 1'000; ///< Of one order.

/// What makes it this record; of what an erasure changes nothing.
std::size_t mark_of(const json& record) {
  std::string all;
  for (const auto* name : {"at", "kind", "index", "object", "invocation", "note", "generation"})
    all.append(text(record, name, "")).append("\n");
  return std::hash<std::string>()(all);
}

class tail {
public:
  tail(const tail_options& options, bool as_lines, const client& hub, std::ostream& out,
       std::ostream& err)
      : options_(options), as_lines_(as_lines), hub_(hub), out_(out), err_(err) {}

  int run() {
    std::int64_t lasts_ms = 0;
    if (!options_.lasts.empty()) {
      lasts_ms = parse_duration_ms(options_.lasts).value_or(0);
      if (lasts_ms <= 0) {
        err_ << "orderhub: --for must be a duration such as 30s or 2h\n";
        return wrong_use;
      }
    }
    if (const auto status = begin(); status != done)
      return status;
    return follow_stream(lasts_ms);
  }

private:
  /// Told of an order.
  struct told {
    std::unordered_map<std::size_t, std::size_t> marks; ///< How often each is there.
    std::string newest;                                 ///< Time of its newest record.
    std::list<std::string>::iterator place;
  };

  int begin() {
    const auto body = body_of(hub_.get("/admin/status"), err_);
    if (const auto* status = std::get_if<int>(&body))
      return *status;
    const auto now = json::parse(std::get<std::string>(body), nullptr, false);
    place_ = now.is_object() ? text(now.value("journal", json()), "last_lsn", "") : std::string();
    if (options_.key.empty()) {
      floor_ = text(now, "at", "");
      return done;
    }
    auto records = unseen(options_.key);
    if (const auto* status = std::get_if<int>(&records))
      return *status;
    auto& all = std::get<std::vector<json>>(records);
    all.erase(all.begin(),
              all.end() - static_cast<std::ptrdiff_t>(std::min(all.size(), options_.lines)));
    print(options_.key, std::move(all));
    return done;
  }

  int follow_stream(std::int64_t lasts_ms) {
    using clock = std::chrono::steady_clock;
    const auto until = clock::now() + std::chrono::milliseconds(lasts_ms);
    auto path = std::string("/admin/stream?topics=orders");
    if (!options_.key.empty())
      path += "&key_prefix=" + percent_encoded(options_.key);
    for (;;) {
      std::int64_t left_ms = 0;
      if (lasts_ms > 0) {
        left_ms =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - clock::now()).count();
        if (left_ms <= 0)
          return done;
      }
      bool is_behind = false;
      const auto status = follow(hub_, path, place_, left_ms, err_, [&](const hub_event& event) {
        is_behind = event.name == "reset";
        if (event.name == "change")
          note_changed(event.data);
        read_changed();
        return !is_behind && out_.good();
      });
      if (status == not_yet)
        return done;
      if (status != done || !is_behind)
        return status;
      if (const auto again = catch_up(); again != done)
        return again;
    }
  }

  /// The stream has lost its place.
  int catch_up() {
    std::string cursor;
    if (!options_.key.empty())
      changed_.push_back(options_.key);
    for (bool is_first = true;; is_first = false) {
      auto path = "/admin/orders?limit=500&updated_since=" + percent_encoded(newest_seen());
      if (!options_.key.empty())
        path = "/admin/orders?limit=1";
      else if (!cursor.empty())
        path += "&cursor=" + percent_encoded(cursor);
      const auto body = body_of(hub_.get(path), err_);
      if (const auto* status = std::get_if<int>(&body))
        return *status;
      const auto page = json::parse(std::get<std::string>(body), nullptr, false);
      if (is_first)
        place_ = text(page, "as_of_lsn", "");
      if (options_.key.empty())
        note_changed(page.dump());
      read_changed();
      cursor = text(page, "next", "");
      if (cursor.empty() || !options_.key.empty())
        return done;
    }
  }

  [[nodiscard]] std::string newest_seen() const { return std::max(floor_, newest_); }

  void note_changed(const std::string& data) {
    const auto change = json::parse(data, nullptr, false);
    if (!change.is_object() || !change.contains("orders") || !change["orders"].is_array())
      return;
    for (const auto& order : change["orders"])
      if (const auto key = text(order, "key", ""); options_.key.empty() || key == options_.key)
        if (std::find(changed_.begin(), changed_.end(), key) == changed_.end())
          changed_.push_back(key);
  }

  /// As far as the hub answers: whoever follows it comes again.
  void read_changed() {
    while (!changed_.empty()) {
      const auto key = changed_.front();
      auto records = unseen(key, false);
      if (const auto* status = std::get_if<int>(&records); status != nullptr) {
        if (*status == not_reached)
          return;
      } else {
        print(key, std::move(std::get<std::vector<json>>(records)));
      }
      changed_.pop_front();
    }
  }

  /// What was not told of it, oldest first; from now on that is told.
  std::variant<std::vector<json>, int> unseen(const std::string& key, bool says_why = true) {
    std::vector<json> found;
    std::string cursor;
    std::unordered_map<std::size_t, std::size_t> met;
    const auto known = told_.find(key);
    const auto floor = std::max(floor_, known == told_.end() ? forgotten_ : std::string());
    for (int pages = 0; pages < pages_max; ++pages) {
      auto path = "/admin/orders/" + percent_encoded(key) +
                  "/journal?sort=newest&limit=" + std::to_string(page_size);
      if (!options_.kinds.empty())
        path += "&kinds=" + percent_encoded(options_.kinds);
      if (!cursor.empty())
        path += "&cursor=" + percent_encoded(cursor);
      const auto answer = hub_.get(path);
      if (!answer && !says_why)
        return not_reached;
      const auto body = body_of(answer, err_);
      if (const auto* status = std::get_if<int>(&body))
        return *status;
      auto page = json::parse(std::get<std::string>(body), nullptr, false);
      if (!page.is_object() || !page.contains("records") || !page["records"].is_array()) {
        err_ << "orderhub: the hub's answer cannot be read\n";
        return not_in_order;
      }
      bool has_new = false, is_below = false;
      for (auto& record : page["records"]) {
        is_below = text(record, "at", "") < floor;
        if (is_below)
          break;
        const auto mark = mark_of(record);
        const auto times = ++met[mark];
        if (known != told_.end()) {
          const auto before = known->second.marks.find(mark);
          if (before != known->second.marks.end() && times <= before->second)
            continue;
        }
        has_new = true;
        found.push_back(std::move(record));
      }
      cursor = text(page, "next", "");
      if (cursor.empty() || !has_new || is_below)
        break;
    }
    std::reverse(found.begin(), found.end());
    remember(key, found);
    return found;
  }

  void remember(const std::string& key, const std::vector<json>& records) {
    auto [it, is_new] = told_.try_emplace(key);
    if (is_new)
      it->second.place = recent_.insert(recent_.end(), key);
    else
      recent_.splice(recent_.end(), recent_, it->second.place);
    for (const auto& record : records) {
      ++it->second.marks[mark_of(record)];
      it->second.newest = std::max(it->second.newest, text(record, "at", ""));
      newest_ = std::max(newest_, it->second.newest);
    }
    if (told_.size() <= orders_max)
      return;
    const auto oldest = told_.find(recent_.front());
    forgotten_ = std::max(forgotten_, oldest->second.newest);
    told_.erase(oldest);
    recent_.pop_front();
  }

  void print(const std::string& key, std::vector<json> records) {
    if (records.empty())
      return;
    if (as_lines_) {
      for (const auto& record : records) {
        json line{{"order", key}};
        line.update(record);
        out_ << line.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
      }
      out_ << std::flush;
      return;
    }
    const auto table = shown_records(
        json{{"records", std::move(records)}}.dump(-1, ' ', false, json::error_handler_t::replace));
    out_ << table.substr(table.find('\n') + 1) << std::flush;
  }

  const tail_options& options_;
  const bool as_lines_;
  const client& hub_;
  std::ostream& out_;
  std::ostream& err_;
  std::string place_;     ///< In the log.
  std::string floor_;     ///< What is older is not told. UTC texts of one form.
  std::string newest_;    ///< Time of the newest record that was told.
  std::string forgotten_; ///< The same of the orders that are not known any more.
  std::unordered_map<std::string, told> told_;
  std::list<std::string> recent_;   ///< Keys of `told_`; what changed last is last.
  std::deque<std::string> changed_; ///< To be read. No more than a message of the stream or a page.
};

} // namespace

int tail_journal(const tail_options& options, bool as_lines, const client& hub, std::ostream& out,
                 std::ostream& err) {
  return tail(options, as_lines, hub, out, err).run();
}

} // namespace orderhub::http_gateway::cli
