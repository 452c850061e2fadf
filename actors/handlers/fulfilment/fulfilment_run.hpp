#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

/// The settings that decide which steps a fulfilment takes; one journaled text.
struct fulfilment_plan {
  bool stock = false, warehouse = false, carrier = false;
  bool mail = false, announce = false, sms = false;
  std::int64_t packed_timeout_ms = 0, pickup_timeout_ms = 0, notification_timeout_ms = 0;

  [[nodiscard]] std::string encode() const;
  static fulfilment_plan decode(std::string_view text);
};

/// One handler's work on one fulfilment: what is wanted, what is known, and whether it goes on. As
/// `order_run`, a handle that is copied freely, which replay builds anew.
class fulfilment_run {
public:
  fulfilment_run(durable::context ctx, settings_ptr settings);

  [[nodiscard]] durable::context ctx() const { return run_->ctx; }
  [[nodiscard]] const std::string& key() const { return run_->ctx.key(); }
  [[nodiscard]] const settings_ptr& settings() const { return run_->settings; }

  // ── What is known ──────────────────────────────────────────────────────────────────────────
  // References are good until the next call that changes them.

  [[nodiscard]] const fulfilment_facts& facts() const { return run_->facts; }
  /// What the fulfilment is of: as recorded, or as `open` has taken it.
  [[nodiscard]] const fulfilment_wanted& wanted() const { return run_->wanted; }
  /// Only after `prepare`.
  [[nodiscard]] const fulfilment_plan& plan() const { return run_->plan; }
  /// What its order said of itself; only after `prepare`, or `order_is`.
  [[nodiscard]] const claimed_order& order() const { return run_->order; }
  /// Its order has answered, an encoded `claimed_order`. Fails the run with `corrupt`.
  void order_is(std::string answer);

  /// A step of this round, by the order's name: it is the one that all services know. `again` tells
  /// repeated tries to undo apart.
  [[nodiscard]] providers::step_ref step(std::string_view name, std::uint32_t again = 0) const;

  /// The facts and the request as of now: an event may have brought some. Fails the run with
  /// `corrupt` where they cannot be read.
  durable::task<void> look_again();
  /// What the settings say, decided once, and what its order has said before.
  durable::task<void> prepare();
  /// From here on it is this that is wanted, in a round of its own.
  void begin_round(fulfilment_wanted wanted);
  /// Merges what was learned in this round: one record.
  void learn(fulfilment_facts delta);
  /// A step was definitely refused and a person must resolve it; learned with it.
  durable::task<void> call_a_person(std::string step, std::string why);

  // ── Whether it goes on ─────────────────────────────────────────────────────────────────────

  [[nodiscard]] bool failed() const { return run_->failure.has_value(); }
  /// It ends with this error; the first one counts.
  void fail(const error& why);
  [[nodiscard]] bool goes_on() const {
    return !failed() && facts().ending.empty() && !facts().cancelling && !facts().ended;
  }
  /// The round ends so; `reason` is for people.
  void end(std::string ending, std::string reason = {});
  /// It was cancelled.
  void cancel();
  /// Something stopped it, and what it has done stands.
  [[nodiscard]] bool must_undo() const {
    return !failed() && !facts().ended && (facts().cancelling || !facts().ending.empty());
  }

  /// It has failed: what is on record as asked for and no further may be there, since nobody was to
  /// look for a lost answer.
  [[nodiscard]] bool is_given_up() const { return facts().ending == "failed"; }

  /// How it stands, or the error it ends with.
  result<std::string> response();

private:
  void take_order(std::string_view answer);

  struct shared {
    shared(durable::context c, settings_ptr s) : ctx(c), settings(std::move(s)) {}
    durable::context ctx;
    settings_ptr settings;
    fulfilment_wanted wanted;
    fulfilment_facts facts;
    fulfilment_plan plan;
    bool is_prepared = false;
    claimed_order order;
    std::optional<error> failure;
  };
  std::shared_ptr<shared> run_;
};

/// A call of which nobody knows what became of it may be at work still: before that is over, what
/// it makes is not there to be undone. For those that nothing cancels.
durable::task<void> until_surely_over(durable::context ctx, std::int64_t absence_after_ms);

} // namespace orderhub::handlers
