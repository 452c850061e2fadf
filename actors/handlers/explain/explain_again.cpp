// What comes next by itself, and how the same is shown again.
#include "actors/handlers/explain/explain_parts.hpp"
#include "providers/codec/form.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

namespace {

/// One word of a shell's line, whatever is in it.
std::string word_of_shell(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_-./:=@%+,";
  if (!text.empty() && text.front() != '-' &&
      text.find_first_not_of(plain) == std::string_view::npos)
    return std::string(text);
  std::string quoted = "'";
  for (const char c : text)
    quoted.append(c == '\'' ? std::string_view("'\\''") : std::string_view(&c, 1));
  return quoted + '\'';
}

} // namespace

void add_next(explanation& e) {
  for (const auto& s : e.steps)
    if (s.ended_at == 0 && s.next_at > 0) {
      const bool leaves = s.next == "send" || s.next == "look_up";
      const auto& looked_up = s.if_retried ? s.if_retried->call : std::string();
      e.next.push_back({s.next_at, s.next, s.name, s.ref, s.vendor,
                        !leaves             ? std::string()
                        : s.next == "send"  ? s.call
                        : looked_up.empty() ? std::string("a look-up")
                                            : looked_up});
    }
  for (const auto& w : e.waits_for) {
    const bool is_step = std::any_of(e.steps.begin(), e.steps.end(), [&](const auto& s) {
      return s.ended_at == 0 && s.name == w.step;
    });
    if (!is_step && w.until > 0)
      e.next.push_back({w.until, "go_on", w.step, {}, w.vendor, {}});
  }
  std::sort(e.next.begin(), e.next.end(), [](const auto& a, const auto& b) {
    return std::tie(a.at, a.step, a.ref) < std::tie(b.at, b.step, b.ref);
  });
}

void add_shell_lines(explanation& e, const explain_now& now) {
  auto base = now.admin_url;
  while (base.ends_with('/'))
    base.pop_back();
  const auto key = word_of_shell(e.order);
  e.curl = R"(curl -sS -H "Authorization: Bearer $ORDERHUB_ADMIN_TOKEN" )" +
           word_of_shell(base + "/admin/orders/" + providers::percent_encode(e.order) + "/explain");
  e.cli = std::string("orderhub orders explain ");
  if (key.starts_with("'-"))
    e.cli += "-- ";
  e.cli += key;
  if (base != default_admin_url)
    e.cli.insert(std::string("orderhub orders explain").size(), " --server " + word_of_shell(base));
}

} // namespace orderhub::handlers
