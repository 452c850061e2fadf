#include "http_gateway/cli/top.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/events.hpp"
#include "http_gateway/cli/list_output.hpp"
#include "http_gateway/cli/order_list.hpp"
#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/table_text.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <clocale>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <ncursesw/curses.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;
using steady = std::chrono::steady_clock;

constexpr auto redraw_pause = std::chrono::seconds(1); ///< However much changes.
constexpr int key_wait_ms = 200;
constexpr std::size_t orders_max = 200;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The terminal, as it was before at its end.
class screen {
public:
  screen() {
    ::initscr();
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::curs_set(0);
    ::wtimeout(stdscr, key_wait_ms);
  }
  ~screen() { ::endwin(); }
  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;

  [[nodiscard]] static int height() { return std::max(getmaxy(stdscr), 1); }
  static void put(int row, const std::string& line, attr_t how = A_NORMAL) {
    if (row < 0 || row >= height())
      return;
    ::wattrset(stdscr, static_cast<int>(how));
    ::mvwaddnstr(stdscr, row, 0, line.c_str(), getmaxx(stdscr));
    ::wattrset(stdscr, A_NORMAL);
  }
};

class top {
public:
  explicit top(const client& hub) : hub_(hub) {}

  /// What to begin with; false: the hub is not reached, `message` says why.
  bool read() {
    const auto status = hub_.get("/admin/status");
    const auto vendors = hub_.get("/admin/vendors");
    std::ostringstream orders, problems;
    order_list_options open;
    open.open = "true";
    open.sort = "waiting";
    open.limit = orders_max;
    if (!status || status->status != 200 || !vendors || vendors->status != 200 ||
        list_orders(open, "table", hub_, orders, problems) != done) {
      message = !status                   ? status.error().message
                : status->status != 200   ? shown_problem(status->body)
                : !problems.str().empty() ? problems.str()
                                          : "the hub does not answer";
      return false;
    }
    message.clear();
    const auto s = json::parse(status->body, nullptr, false);
    title_ = "orderhub";
    if (s.is_object())
      title_ += " " + s.value("hub", "") + "  " + s.value("mode", "") + "  " +
                (s.value("accepting", false) ? "takes orders" : "TAKES NO ORDERS") + "  " +
                s.value("at", "");
    vendors_ = lines_of(list_table(vendor_list(), vendors->body));
    orders_ = lines_of(orders.str());
    at_ = std::clamp<std::size_t>(at_, 1, std::max<std::size_t>(orders_.size(), 2) - 1);
    return true;
  }

  void draw() {
    ::werase(stdscr);
    if (!page_.empty()) {
      for (std::size_t n = first_; n < page_.size(); ++n)
        screen::put(static_cast<int>(n - first_), page_[n]);
      screen::put(screen::height() - 1, "j k move   q back", A_REVERSE);
      ::wrefresh(stdscr);
      return;
    }
    int row = 0;
    screen::put(row++, safe_text(title_), A_BOLD);
    for (std::size_t n = 0; n < vendors_.size(); ++n)
      screen::put(row++, vendors_[n], n == 0 ? A_UNDERLINE : A_NORMAL);
    ++row;
    if (orders_.size() <= 1)
      screen::put(row, "nothing waits");
    const auto room = static_cast<std::size_t>(std::max(screen::height() - row - 2, 1));
    const auto first = at_ > room ? at_ - room : 0; // The chosen one is always on the screen.
    if (orders_.size() > 1)
      screen::put(row++, orders_[0], A_UNDERLINE);
    for (std::size_t n = 1 + first; n < orders_.size() && n <= first + room; ++n)
      screen::put(row++, orders_[n], n == at_ ? A_REVERSE : A_NORMAL);
    screen::put(screen::height() - 1,
                message.empty() ? "j k move   Enter explain   q quit"
                                : "not live: " + safe_text(message),
                A_REVERSE);
    ::wrefresh(stdscr);
  }

  /// False: it is over.
  bool take(int key) {
    auto& place = page_.empty() ? at_ : first_;
    if (key == 'j' || key == KEY_DOWN)
      ++place;
    else if ((key == 'k' || key == KEY_UP) && place > 0)
      --place;
    else if (key == 'q' && page_.empty())
      return false;
    else if (key == 'q' || key == 27)
      page_.clear();
    else if ((key == '\n' || key == KEY_ENTER) && page_.empty())
      explain();
    at_ = std::clamp<std::size_t>(at_, 1, std::max<std::size_t>(orders_.size(), 2) - 1);
    first_ = std::min(first_, page_.empty() ? 0 : page_.size() - 1);
    return true;
  }

  std::string message; ///< Why it is not live.

private:
  void explain() {
    if (at_ >= orders_.size())
      return;
    // A key is the first cell, with two spaces behind it, as in a table.
    const auto key = orders_[at_].substr(0, orders_[at_].find("  "));
    const auto answer = hub_.get("/admin/orders/" + percent_encoded(key) + "/explain?format=text");
    page_ = answer && answer->status == 200 ? lines_of(safe_text(answer->body))
                                            : std::vector<std::string>{"It is not there any more."};
    first_ = 0;
  }

  const client& hub_;
  std::string title_;
  std::vector<std::string> vendors_, orders_, page_; ///< The last: an explanation, while shown.
  std::size_t at_ = 1, first_ = 0;
};

} // namespace

int show_top(const client& hub, std::ostream& err) {
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0) {
    err << "orderhub: top needs a terminal; orders list --watch does not\n";
    return wrong_use;
  }
  top shown(hub);
  if (!shown.read()) {
    err << "orderhub: the hub is not reached: " << shown.message << '\n';
    return not_reached;
  }
  std::atomic<bool> stops = false, has_news = false;
  std::thread follower([&] {
    std::ostringstream nobody;
    const std::string path = "/admin/stream?topics=orders,vendors,health";
    for (;;) {
      follow(
          hub, path, {}, 0, nobody,
          [&](const hub_event&) {
            has_news = true;
            return true;
          },
          &stops);
      if (stops)
        return;
      has_news = true; // It says why there is none.
      std::this_thread::sleep_for(redraw_pause);
    }
  });
  std::setlocale(LC_CTYPE, "");
  {
    const screen terminal;
    auto read_at = steady::now();
    shown.draw();
    for (bool goes_on = true; goes_on;) {
      if (const auto key = ::wgetch(stdscr); key != ERR)
        goes_on = shown.take(key);
      if (const auto now = steady::now();
          now - read_at >= redraw_pause && (has_news.exchange(false) || !shown.message.empty())) {
        read_at = now;
        shown.read();
      }
      shown.draw();
    }
  }
  stops = true;
  follower.join();
  return done;
}

} // namespace orderhub::http_gateway::cli
