#pragma once
#include "journal/base/result.hpp"
#include "providers/http_message.hpp"
#include "providers/mock/operations.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::mock {

/// What goes wrong. The names in control documents are the enumerators'.
enum class fault_effect : std::uint8_t {
  none,
  status,      ///< Answers `status`; nothing is done, nothing stored under a key.
  drop_before, ///< Nothing is done; the connection is cut.
  drop_after,  ///< The work is done; the connection is cut.
  garbage,     ///< The work is done; the answer's body is unreadable.
  truncate,    ///< The work is done; the answer breaks off in the middle.
  latency,     ///< Adds `latency_ms`; another fault may hit the same call.
  late_work,   ///< Cut now; the work is done `late_ms` later. Stripe's key is in use until then.
  stored_500,  ///< Stripe: a 500 is stored under the key and replayed; no charge was made.
  stored_500_done, ///< The same, and the work was done. Other vendors: a 500 after the work.
  refuse,          ///< The vendor's own definite no, with `code` and `text`: Stripe 402
                   ///< `card_declined`, Shippo 201 with status ERROR, Slack `ok:false`,
                   ///< SendGrid 400, Twilio 400 with the number `code` or 21610, GitHub 422 with
                   ///< `code`, Inventory 409 `out_of_stock`, warehouse and carrier 409 `too_late`.
  queued,          ///< Shippo's label: answered QUEUED; `late_ms` later it has the `outcome`.
                   ///< Twilio's SMS: queued as long, then delivered, or not with the number `code`.
                   ///< GitHub's deployment: in progress as long, then it has succeeded or failed.
  unauthorized,    ///< The vendor's own no to the credential (revoked key): 401, Slack's `code` or
                   ///< `token_revoked`. Nothing is done, nothing stored under a key.
  forbidden,       ///< The same for its permission: 403, Slack's `code` or `missing_scope`.
  not_found,       ///< The path does not exist: a wrong base URL, a 404 list.
  reset_after_answer, ///< The work is done, the whole answer arrives, then the connection is reset.
  hang,               ///< Nothing is done and nothing is answered, until the caller gives up.
  hang_after,         ///< The work is done, the rest the same.
  // What stands between answers in the vendor's place, with the status of its success. The work is
  // done where `work` says so.
  html,       ///< A page.
  empty,      ///< Nothing.
  foreign,    ///< JSON of something else.
  processing, ///< Stripe's charge: answered `processing`; `late_ms` later the `outcome`.
  pending,    ///< Stripe's refund: answered `pending`, or with that `code` `requires_action`;
              ///< `late_ms` later the `outcome`.
  untracked,  ///< Shippo's label: bought without a tracking number, which it has `late_ms` later.
  twice, ///< The work is done twice, the second time whatever key it has, and nothing answered.
};
inline constexpr std::size_t fault_effect_count = 25;
std::string_view name_of(fault_effect effect);

/// What becomes of what was not decided at once: a `queued` label, a `processing` payment, a
/// `pending` refund, an `untracked` label.
enum class queued_outcome : std::uint8_t {
  success,
  error, ///< A label: with `code` and `text`. A payment: declined. A refund: `failed`.
  never, ///< It stays as it is.
};

/// One rule. Exactly one of `nth`, `probability`, `always` says when it hits.
struct fault {
  std::optional<vendor_id> vendor = {}; ///< Absent (`*`): every vendor.
  std::string operation = "*";          ///< As in `call_names`; `*`: every operation.
  std::uint64_t nth = 0;  ///< The n-th matching call since the rule was added, from 1.
  double probability = 0; ///< In (0, 1].
  bool always = false;
  /// Hits at most; 0: no limit. With `nth`: that many calls in a row, 0 meaning 1.
  std::uint64_t times = 0;
  fault_effect effect = fault_effect::none;
  int status = 503;            ///< `status`: 200 to 599.
  header_list headers = {};    ///< `status`: added to the answer; lower-case names.
  std::int64_t latency_ms = 0; ///< With any effect: the answer (or the cut) comes that much later.
  std::int64_t late_ms = 1'000;
  std::string code = {}; ///< `refuse`, `queued`, `unauthorized`, `forbidden`
  std::string text = {}; ///< `refuse`, `queued`
  queued_outcome outcome = queued_outcome::success; ///< `queued` and its like.
  bool work = true; ///< `html`, `empty`, `foreign`: whether the vendor has done the work.
};

/// How a vendor's lists are given, where its pages do not say or one wants to see the worst.
struct list_manner {
  std::int64_t page_size_max =
      0;                     ///< Entries of a page at most, whatever was asked for; 0: its own.
  bool oldest_first = false; ///< Stripe, Shippo, Twilio, GitHub: not the newest.
  bool ignores_filter =
      false; ///< Stripe, Shippo, Twilio, GitHub: gives everything, whatever was asked for.
};

/// A refund that somebody makes in Stripe's dashboard.
struct dashboard_refund {
  std::string payment_intent;
  std::int64_t amount = 0; ///< Minor units; 0: all that is left.
  /// `succeeded`, `pending`, `failed`, `canceled`, `requires_action`.
  std::string status = "succeeded";
};

/// What a control document asks for; see `vendors::control`.
struct control_document {
  bool clear = false;
  std::vector<fault> faults;
  std::array<std::optional<std::int64_t>, vendor_count> latency_ms;
  std::array<std::optional<std::int64_t>, vendor_count> clock_skew_ms, page_size_max;
  std::array<std::optional<std::int64_t>, vendor_count> calls_per_second, retry_after_s;
  std::array<std::optional<bool>, vendor_count> oldest_first, ignores_filter;
  std::optional<std::string> authenticate, fail_authentication, dispute;
  std::optional<dashboard_refund> refund;
  std::optional<std::string> archive, unarchive;
  std::map<std::string, std::int64_t> stock;                ///< Free pieces by product.
  std::optional<std::string> expire;                        ///< An order.
  std::optional<std::string> fail_pick_ticket, fail_pickup; ///< The same.
  bool expire_tokens = false;
};
/// Fails with `invalid`, naming the field. Reads the whole document before anything is changed.
result<control_document> parse_control(std::string_view json);

/// What happens to one call.
struct fault_decision {
  const fault* hit = nullptr; ///< Null: nothing but latency. Valid until rules change.
  std::int64_t latency_ms = 0;

  [[nodiscard]] fault_effect effect() const { return hit ? hit->effect : fault_effect::none; }
};

/// The rules in the order they were added; the first that hits decides. Draws one random number for
/// each probability rule that a call matches, so a run repeats for its seed.
class fault_plan {
public:
  /// More rules than anyone writes by hand; above it they are refused.
  static constexpr std::size_t rules_max = 1'000;

  explicit fault_plan(std::uint64_t seed) : engine_(seed) {}

  /// Fails with `full` above `rules_max`, adding nothing.
  result<void> add(std::vector<fault> faults);
  void clear() { rules_.clear(); }
  [[nodiscard]] std::size_t size() const { return rules_.size(); }

  fault_decision decide(call_id call);

  /// Hits by effect since the start.
  [[nodiscard]] std::uint64_t hits(fault_effect effect) const {
    return hits_[static_cast<std::size_t>(effect)];
  }

private:
  struct rule {
    fault what;
    std::uint64_t calls = 0, hits = 0;
  };
  std::vector<rule> rules_;
  std::array<std::uint64_t, fault_effect_count> hits_{};
  std::mt19937_64 engine_;
};

} // namespace orderhub::providers::mock
