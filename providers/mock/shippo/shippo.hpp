#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/objects.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// Shippo's shipments, labels (transactions), label refunds, addresses and tracking. There is no
/// idempotency: the same rate bought twice makes two labels. Internal to the mock.
class shippo {
public:
  explicit shippo(shared_state& shared);

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);
  /// What carriers and refunds come to by `now`. A label that was given back moves no parcel.
  void settle(unix_ms now);

private:
  struct shipment {
    unix_ms created = 0;
    std::string metadata;
    std::uint64_t last_label = 0; // newest of its labels
    enum class destination : std::uint8_t { normal, no_rates, undeliverable };
    destination to = destination::normal;
    std::string purchase_refusal;       // empty: it can be bought
    std::string_view track = "UNKNOWN"; // where its parcels are
  };
  struct label {
    std::uint64_t shipment = 0;
    std::uint64_t previous_of_shipment = 0;
    std::uint64_t refund = 0;
    unix_ms created = 0;
    unix_ms ready_at = 0;
    unix_ms tracked_at = 0; // has a tracking number from then on
    std::string metadata;
    std::string error_code, error_text; // both empty: bought; from `ready_at` on
    std::uint8_t rate = 0;
    std::uint8_t file_type = 0;
  };
  struct refund {
    std::uint64_t label = 0;
    unix_ms created = 0;
    unix_ms ready_at = 0;
    bool is_rejected = false; ///< From `ready_at` on: the carrier has refused it.
  };

  void create_shipment(call& c);
  void create_label(call& c);
  void create_refund(call& c);
  void list_labels(call& c);
  void create_address(call& c);
  void create_track(call& c);
  void read_track(call& c);
  void refuse_field(call& c, std::string_view field, std::string_view text);
  void not_found(call& c);
  [[nodiscard]] std::string_view status_of(const label& l, unix_ms now);
  [[nodiscard]] unix_ms updated_at(const label& l, unix_ms now);
  void append_shipment_head(std::string& out, std::uint64_t number, const shipment& s) const;
  void append_rates(std::string& out, std::uint64_t number, const shipment& s) const;
  void append_label(std::string& out, std::uint64_t number, const label& l, unix_ms now);
  void append_refund(std::string& out, std::uint64_t number, const refund& r, unix_ms now) const;
  /// Webhooks, for whoever is told them; see `options::tells`.
  void tell(std::string_view event, std::uint64_t number, unix_ms at);
  void tell_track(std::uint64_t number, const label& l, std::string_view status, unix_ms at);
  /// The last thing that the carrier has said of its parcel by then.
  struct standing {
    std::string_view status; ///< Empty: nothing.
    unix_ms since = 0;
  };
  [[nodiscard]] standing standing_of(const label& l, unix_ms now);
  void append_standing(std::string& out, std::uint64_t number, const standing& said) const;
  void plan_moves(std::uint64_t number, const label& l);
  void note(const call& c, effect_kind kind, std::uint64_t number, std::string_view metadata,
            std::uint64_t rate = 0, std::string_view to = {});

  shared_state& shared_;
  objects<shipment> shipments_;
  objects<label> labels_;
  objects<refund> refunds_;
  std::uint64_t addresses_ = 0; // so many were made; none is kept
  struct move {
    std::uint64_t label = 0;
    std::string_view status; ///< Of its parcel; empty: its transaction has changed.
  };
  std::multimap<unix_ms, move> moves_; ///< What is told later.
};

} // namespace orderhub::providers::mock
