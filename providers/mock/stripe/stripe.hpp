#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/objects.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace orderhub::providers::mock {

/// Stripe's PaymentIntents and refunds with its idempotency layer (sources:
/// providers/stripe/README.md, and docs.stripe.com/api/idempotent_requests): the first result after
/// execution began is stored under the key, errors included, and replayed; refusals before
/// execution are not. Internal to the mock.
class stripe {
public:
  explicit stripe(shared_state& shared);

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);
  /// The request was received and cut; its work follows. Marks its key as in use. False if nothing
  /// will follow: the key is known already.
  bool begin_late(call& c);
  /// The work announced by `begin_late`.
  void finish_late(call& c);
  /// The customer passes 3-D Secure. False unless the PaymentIntent waits for that.
  [[nodiscard]] bool authenticate(std::string_view id, unix_ms now, std::uint64_t request_number);
  /// The customer does not. False in the same cases.
  [[nodiscard]] bool fail_authentication(std::string_view id, unix_ms now);
  /// A refund from the dashboard. False unless the PaymentIntent is paid and that much is left.
  [[nodiscard]] bool refund_by_hand(const dashboard_refund& wanted, unix_ms now,
                                    std::uint64_t request_number);

  /// A customer's bank disputes a payment. False unless the PaymentIntent is paid.
  [[nodiscard]] bool dispute(std::string_view id, unix_ms now);

  /// What the banks decide by `now`: payments in `processing`, refunds that are pending.
  void settle(unix_ms now);

private:
  enum class intent_status : std::uint8_t {
    requires_payment_method,
    requires_confirmation,
    requires_action,
    succeeded,
    canceled,
    processing,
  };
  struct intent {
    std::int64_t amount = 0;
    std::int64_t refunded = 0;
    std::int64_t created_s = 0;
    std::int64_t canceled_at_s = 0;
    std::uint64_t last_refund = 0;
    std::string metadata;    // JSON object text
    std::string customer;    // empty: none
    std::string description; // empty: none
    char currency[4] = {};
    intent_status status = intent_status::requires_payment_method;
    intent_status first_status = intent_status::requires_payment_method; // as first answered
    std::int16_t method = -1;                                            // index of test method
    std::int16_t failed_method = -1; // the method that was declined last
    bool not_authenticated = false;  // the customer failed 3-D Secure
    bool redirects = false;          // has a return_url
    bool automatic = false;          // automatic_payment_methods
  };
  struct refund {
    std::uint64_t intent = 0;
    std::int64_t amount = 0;
    std::int64_t created_s = 0;
    std::string metadata; // JSON object text
    std::uint64_t previous_of_intent = 0;
    std::uint8_t reason = 0;       // 0: none
    std::uint8_t status = 0;       // index of its status
    std::uint8_t first_status = 0; // as first answered
    char currency[4] = {};
  };
  /// As it was told, whether or not that arrived.
  struct event {
    std::uint64_t number = 0;
    std::int64_t created_s = 0;
    std::string type;
    std::string body;
  };
  struct stored_answer {
    int status;
    std::string body;
    bool should_not_retry;
  };
  struct key_record {
    enum class state : std::uint8_t { running, intent, refund, stored };
    std::string key;
    std::uint64_t fingerprint = 0;
    unix_ms created = 0;
    unix_ms busy_until = 0;
    std::uint64_t object = 0;
    std::uint64_t first_request = 0;
    std::unique_ptr<stored_answer> answer;
    state progress = state::running;
  };
  enum class outcome : std::uint8_t {
    refused,     // before execution: nothing is stored
    made_intent, // answer can be rendered from the intent
    made_refund, // answer can be rendered from the refund
    answered,    // the answer itself is stored
  };

  bool admit(call& c);
  bool read_parameters(call& c);
  void run(call& c);
  outcome execute(call& c);
  void remember(call& c, const std::string& key, std::uint64_t fingerprint, outcome done);
  key_record* find_key(std::string_view key, unix_ms now);
  key_record& add_key(const std::string& key, std::uint64_t fingerprint, call& c);
  void forget_oldest_key();
  void replay(call& c, const key_record& record);
  [[nodiscard]] std::uint64_t fingerprint(const call& c) const;

  outcome create_intent(call& c);
  outcome confirm_intent(call& c, std::string_view id);
  outcome run_confirmation(call& c, std::uint64_t number, bool off_session, bool error_on_action);
  outcome cancel_intent(call& c, std::string_view id);
  outcome create_refund(call& c);
  void retrieve_intent(call& c, std::string_view id);
  void list_intents(call& c);
  void retrieve_refund(call& c, std::string_view id);
  void list_refunds(call& c);
  void read_balance(call& c);
  void list_events(call& c);
  [[nodiscard]] std::size_t page_size_of(std::int64_t limit) const;

  bool check_known(call& c, std::span<const std::string_view> allowed, const fields& given);
  bool read_metadata(call& c, std::string& json);
  void settle_intent(std::uint64_t number, bool succeeds, unix_ms at);
  void settle_refund(std::uint64_t number, bool succeeds, unix_ms at);
  void note(const call& c, effect_kind kind, std::uint64_t number, std::int64_t amount,
            const intent& pi);

  outcome refuse(call& c, int status, std::string_view type, std::string_view code,
                 std::string_view message, std::string_view param = {});
  outcome refuse_missing(call& c, std::string_view what, std::string_view id,
                         std::string_view param);
  outcome decline(call& c, std::uint64_t number, std::string_view code,
                  std::string_view decline_code, std::string_view message);
  outcome unexpected_state(call& c, std::uint64_t number, std::string_view verb);
  outcome server_error(call& c);
  void append_intent(std::string& out, std::uint64_t number, const intent& pi,
                     intent_status status) const;
  void append_refund(std::string& out, std::uint64_t number, const refund& r, std::uint8_t status,
                     bool with_charge = false);
  void append_charge(std::string& out, std::uint64_t number, const intent& pi) const;
  void answer_intent(call& c, std::uint64_t number, intent_status status);
  void answer_refund(call& c, std::uint64_t number, std::uint8_t status);
  std::int64_t created_s(unix_ms now);

  /// Events, for whoever is told them; see `options::tells`. `key`: of the request that caused it.
  void tell(std::string_view type, std::string_view object, unix_ms at, std::string_view key);
  void tell_intent(std::uint64_t number, unix_ms at, std::string_view key);
  void tell_refund(std::string_view type, std::uint64_t number, unix_ms at, std::string_view key);
  [[nodiscard]] std::string charge_object(std::uint64_t number, const intent& pi,
                                          bool has_failed) const;

  shared_state& shared_;
  objects<intent> intents_;
  objects<refund> refunds_;
  /// Stripe keeps its events for 30 days; this the newest ones.
  static constexpr std::size_t events_max = 20'000;
  std::deque<event> events_;
  std::deque<key_record> keys_;
  std::uint64_t first_key_ = 1;                                   // number of keys_.front()
  std::unordered_map<std::string_view, std::uint64_t> key_index_; // views into keys_
  struct undecided {
    bool is_refund = false;
    std::uint64_t number = 0;
    bool succeeds = true;
  };
  std::multimap<unix_ms, undecided> undecided_; // by when the bank decides
  std::int64_t last_created_s_ = 0;
  std::uint64_t made_ = 0; // object of the execution at hand
};

} // namespace orderhub::providers::mock
