#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"
#include "providers/mock/faults.hpp"
#include "providers/mock/ledger.hpp"
#include "providers/mock/operations.hpp"
#include "providers/mock/webhooks/notices.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The built-in mock vendors: Stripe, Shippo, SendGrid, Slack, Twilio, GitHub and a merchant's own
/// services as one pure state machine. No socket, thread, clock or global: the simulator and the
/// mock server drive the same code, and the same requests at the same times give the same bytes for
/// a seed.
///
/// Paths: `/stripe/v1/…`, `/shippo/…`, `/sendgrid/v3/mail/send`, `/slack/api/…` and
/// `/slack/services/T…/B…/…` (incoming webhook), `/twilio/2010-04-01/…`, `/github/repos/…`,
/// `/custom/orders/…` and `/custom/token`, so that `http://host:port/stripe` is Stripe's base URL,
/// and `http://host:port/slack` stands for `https://slack.com` and `https://hooks.slack.com`.
/// Besides: `GET /ledger`, `POST /control`, `POST /reset`, `GET /health`.
///
/// Conventions for what a test cannot otherwise ask for (all else follows the vendors' pages):
/// - credentials of the right shape are accepted, unless they contain `invalid` (401,
/// `invalid_auth`);
/// - Stripe's test payment methods decide the outcome of a charge;
/// - Shippo: a destination zip `00000` has no rates, `00001` has rates whose purchase ends in
/// ERROR;
/// - Slack: channels and hooks whose name contains `missing`, `archived` or `invalid` are refused
/// as
///   such; a name with a leading `#` stands for an id that the answer tells;
/// - Twilio's test numbers (`+15005550001` and its like) are refused as with its test credentials;
/// - GitHub: repositories and refs whose name contains `missing` do not exist.
namespace orderhub::providers::mock {

struct mock_request {
  std::string method;
  std::string target;  ///< Path and query, percent-encoded.
  header_list headers; ///< Lower-case names.
  std::string body;
};

enum class wire_action : std::uint8_t {
  answer = 1,
  drop = 2,              ///< Close the connection without an answer; after `delay_ms`.
  truncate = 3,          ///< Send half of the body (without one: half of the head), then cut.
  answer_then_reset = 4, ///< Send the whole answer, then cut.
  /// Send nothing and keep the connection open until the client ends it. `delay_ms` is then longer
  /// than any deadline.
  hang = 5,
};

struct mock_response {
  http_response response;
  wire_action wire = wire_action::answer;
  std::int64_t delay_ms = 0; ///< From the request's arrival to the answer or the cut.
};

struct options {
  /// Of ids and of faults with a probability. A program whose journal outlives its mock takes
  /// another seed at each start: equal seeds give equal ids, for other orders.
  std::uint64_t seed = 1;
  /// Base latency of each vendor, milliseconds, by `vendor_id`.
  std::array<std::int64_t, vendor_count> latency_ms{};
  std::vector<fault> faults = {}; ///< At most `fault_plan::rules_max`; further ones are left out.
  ledger_mode ledger = ledger_mode::full;
  std::size_t ledger_effects_max = 5'000'000; ///< See `ledger`.
  /// Objects remembered of each kind (PaymentIntents, refunds, shipments, labels, messages); the
  /// oldest are forgotten and then unknown (404). About 1 KB an order over all kinds.
  std::size_t objects_max = 200'000;
  /// Idempotency keys remembered. Beyond it the oldest is forgotten, and the same key would start
  /// a new request, as Stripe does with a key it has pruned.
  std::size_t keys_max = 200'000;
  /// Stripe promises 24 hours; older keys are forgotten.
  std::int64_t key_life_ms = 24 * 3'600'000;
  /// Late work waiting; above it late work is done at once (the connection is cut all the same).
  std::size_t late_max = 100'000;
  /// How far each vendor's clock is ahead of the time given (negative: behind), milliseconds, by
  /// `vendor_id`: its `Date` headers, its objects' times and its lists' windows.
  std::array<std::int64_t, vendor_count> clock_skew_ms{};
  std::array<list_manner, vendor_count> lists{};
  /// How many calls each vendor takes in a second by its clock, by `vendor_id`; it answers 429 to
  /// the rest, and `Retry-After` where that is positive. 0: any number.
  std::array<std::int64_t, vendor_count> calls_per_second{}, retry_after_s{};
  /// Shippo: how long a purchase with `async` stays QUEUED, and a refund PENDING.
  std::int64_t shippo_purchase_ms = 1'000;
  /// Stripe: how long a refund of `pm_card_pendingRefund` stays `pending`.
  std::int64_t stripe_refund_ms = 5'000;
  /// Warehouse, carrier: how long until a ticket is packed, a parcel picked up.
  std::int64_t job_ms = 5'000;
  /// Whether the vendors tell what happens; see `take_notices`.
  bool tells = false;
  /// How long after its label a parcel is in transit, and how long after that it is delivered; 0:
  /// never. Told, and answered to `GET /tracks/{carrier}/{number}`.
  std::int64_t transit_ms = 15'000, delivery_ms = 15'000;
  /// Rates quoted for a shipment, 1 to 3.
  std::size_t shippo_rates = 2;
};

class vendors {
public:
  explicit vendors(options settings = {});
  ~vendors();
  vendors(const vendors&) = delete;
  vendors& operator=(const vendors&) = delete;

  /// Performs what is due, then does this request's work or notes it as late work. `now` may step
  /// back; objects then get the latest time seen.
  mock_response handle(const mock_request& request, unix_ms now);
  /// Performs the late work that is due at `now`, in due order, each with its own due time.
  void advance(unix_ms now);
  /// When the next late work is due.
  [[nodiscard]] std::optional<unix_ms> next_late_work() const;

  /// `{"effects":[…],"since":n,"next":n|null,"total":n,"dropped":n,"totals":{kind:n},
  /// "requests":{"stripe.charge":n,…},"idempotent_replays":{"stripe.charge":n},
  /// "faults":{effect:n},"limited":{"stripe":n},
  /// "most_in_a_second":{"stripe":n},"late_pending":n}`: effects from index `since`, at most
  /// `limit`; `next` is the `since` of the next page. In `counts` mode `"orders":{order:{kind:n}}`
  /// instead of effects.
  [[nodiscard]] std::string ledger_json(std::size_t since = 0, std::size_t limit = 100'000) const;
  [[nodiscard]] const ledger& effects() const;

  /// Requests of that operation so far, whatever became of them.
  [[nodiscard]] std::uint64_t requests(call_id call) const;
  /// How many of them were answered from what is stored under an idempotency key.
  [[nodiscard]] std::uint64_t replays(call_id call) const;
  [[nodiscard]] std::size_t late_pending() const;
  /// Calls that were answered 429 because of `calls_per_second`.
  [[nodiscard]] std::uint64_t limited(vendor_id vendor) const;

  /// A fault, an array of faults, or
  /// `{"clear":true,"faults":[…],"latency_ms":20|{"stripe":20},"authenticate":"pi_…"}`; as
  /// `latency_ms` also `calls_per_second`, `retry_after_s`, `clock_skew_ms`, `page_size_max`,
  /// `oldest_first`, `ignores_filter` (see `options` and `list_manner`), which stay as they are
  /// until set again. A fault:
  /// `{"vendor":"stripe"|"*","operation":"charge"|"*","nth":3|"probability":0.1|
  /// "always":true,"times":n,"effect":…,"status":503,"headers":{…},"latency_ms":n,"late_ms":n,
  /// "code":…,"text":…,"outcome":…}`, see `fault`. `authenticate` plays the customer who passes 3-D
  /// Secure for a PaymentIntent in `requires_action`: it becomes `succeeded`, and a charge effect
  /// is noted. `fail_authentication` plays the one who does not: it becomes
  /// `requires_payment_method`.
  /// `{"refund":{"payment_intent":"pi_…","amount":1000,"status":"pending"}}` plays somebody who
  /// refunds in Stripe's dashboard; `dispute` a bank that disputes a payment.
  /// `archive` and `unarchive` name a Slack channel; incoming webhooks post to `C0WEBHOOK0`.
  /// `{"stock":{"sku-1":3}}` says how many pieces the inventory has free; `expire` names an order
  /// whose reservation lapses (both in one document: first this).
  /// `{"expire_tokens":true}`: every token that was given is refused from now on.
  /// `fail_pick_ticket` and `fail_pickup` name an order whose ticket or pickup has failed.
  /// Fails with `invalid` naming the field, `not_found` for those nine, or `full`; then nothing
  /// has changed.
  result<void> control(std::string_view json);

  /// What happened since it was asked for the last time, up to the last `advance` or `handle`, and
  /// is told by webhooks, where `tells`. A mail's delivery and an SMS's end are in it beforehand,
  /// with their own times.
  [[nodiscard]] std::vector<notice> take_notices();

  /// Back to the first state of these options, but for ids, which never come again.
  void reset();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace orderhub::providers::mock
