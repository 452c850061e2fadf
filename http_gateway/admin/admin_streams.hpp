#pragma once
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/server/exchange.hpp"
#include "journal/change_feed.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// The parameters of a stream: what it is about, from where on, and the list's filters. What is
/// about a page, or about names that a change does not have, is none of them.
inline constexpr auto stream_parameters = [] {
  constexpr std::array left_out = {"sort", "limit", "cursor", "q"};
  std::array<admin_parameter, 2 + order_list_parameters.size() - left_out.size()> all{
      admin_parameter{"topics", "", "orders"}, admin_parameter{"from", "0..9007199254740991", ""}};
  std::size_t n = 2;
  for (const auto& p : order_list_parameters)
    if (std::none_of(left_out.begin(), left_out.end(),
                     [&](std::string_view name) { return name == p.name; }))
      all.at(n++) = p;
  return all;
}();

/// `GET /admin/stream`: what changes, as server-sent events. All streams share one thread, which
/// looks at the journal's changes some times a second and puts each order together once for all who
/// want it; a page never waits for it.
///
/// An event's id is the place in the log up to which its stream has been told all. Events:
///  - `begin`: where it begins, `{"as_of_lsn","resumed"}`.
///  - `change`: what has changed since, each order once, as its list has it now.
///  - `reset`: changes in between are gone; lists are to be read again. `{"as_of_lsn"}`.
class admin_streams {
public:
  struct options {
    std::size_t most = 64;       ///< Streams; one more is refused.
    std::int64_t pause_ms = 250; ///< From one message of a stream to the next, at least.
    std::int64_t heartbeat_ms = 15'000;
    std::int64_t standing_ms = 1'000; ///< Between two looks at vendors and health,
    std::int64_t counts_ms = 2'000;   ///< and two at the counts.
    /// It ends then, and whoever still may comes again: a token's end is an end of its streams too.
    std::int64_t life_ms = 3'600'000;
    std::size_t items_a_message = 50; ///< Orders and webhooks. What is more comes with the next.
    std::size_t items_a_turn = 200;   ///< Put together for all streams.
    bool has_thread = true;           ///< False: a test calls `turn`.
  };
  /// What `from` names and `changes` outlive it.
  admin_streams(admin_sources from, const journal::change_feed& changes, options o);
  /// Ends them all.
  ~admin_streams();
  admin_streams(const admin_streams&) = delete;
  admin_streams& operator=(const admin_streams&) = delete;

  /// Answers with a stream; or why not, and then it is not answered. From any thread.
  std::optional<admin_problem> open(const http_exchange_ptr& exchange, const admin_call& call,
                                    const std::string& request_id);
  /// Who follows asks again, and is judged anew. From any thread.
  void end_all();
  [[nodiscard]] std::size_t now() const;
  /// Tells each stream what is due at that time of a clock that never steps back.
  void turn(std::int64_t steady_ms);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace orderhub::http_gateway
