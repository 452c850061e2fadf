#pragma once
#include "journal/base/bytes.hpp"
#include "journal/base/money.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// What customs wants to know of an item, as it was sent: all of one piece. Empty texts and 0 were
/// not.
struct item_customs {
  std::string description;
  std::string hs_code;        ///< Harmonized System, `6109.10`.
  std::string origin_country; ///< ISO 3166-1 alpha-2.
  std::string net_weight;     ///< Decimal text, of one piece.
  std::string mass_unit;      ///< `g kg lb oz`
  std::int64_t value = 0;     ///< Of one piece, minor units of the order's currency; 0: its price.

  [[nodiscard]] bool empty() const {
    return description.empty() && hs_code.empty() && origin_country.empty() && net_weight.empty() &&
           mass_unit.empty() && value == 0;
  }
};

struct order_item {
  std::string product_id;
  std::int64_t quantity = 0; ///< Positive.
  std::int64_t price = 0;    ///< Of one, minor units of the order's currency; 0: a free item.
  item_customs customs;
};

/// What is added to the items' prices, or taken off: discount, shipping, tax.
struct order_adjustment {
  std::string label;       ///< Never blank.
  std::int64_t amount = 0; ///< Minor units of the order's currency, negative for a discount.
};

struct postal_address {
  std::string name;
  std::string street;
  std::string city;
  std::string state;
  std::string zip;
  std::string country = "US"; ///< ISO 3166-1 alpha-2.
  std::string phone;          ///< Of an order's address: E.164.
  std::string email;
  std::string street2 = {};
  std::string company = {};
};

/// Measures as decimal texts, as Shippo takes them; empty texts mean the configured parcel.
struct parcel_size {
  std::string length, width, height, distance_unit, weight, mass_unit;
  [[nodiscard]] bool empty() const { return length.empty(); }
};

// Bytes of the parts that other journaled values hold too.
void put(byte_writer& w, const postal_address& a);
void put(byte_writer& w, const parcel_size& p);
void put(byte_writer& w, const item_customs& c);
void put(byte_writer& w, const order_item& i);
postal_address get_address(byte_reader& r);
parcel_size get_parcel(byte_reader& r);
item_customs get_item_customs(byte_reader& r);
order_item get_item(byte_reader& r);

/// The number of the canonical form of an order's content (order_content.hpp): which fields a
/// request is read for, and how each is written. On disk with every order; goes up with each
/// change.
inline constexpr std::uint8_t content_form = 3;

/// A checked order request.
struct order {
  std::uint8_t form = content_form; ///< By which it was checked.
  std::vector<order_item> items;
  std::vector<order_adjustment> adjustments;
  std::string customer_email, customer_name, customer_phone;
  postal_address shipping;
  std::string payment_method; ///< After `check_order` empty only where nothing is to be paid.
  bool payment_method_given = false;
  std::string payment_customer;
  parcel_size parcel;
  /// By which rate it is carried: `cheapest`, `fastest` or a service level's token; empty: as the
  /// settings say.
  std::string rate;
  /// Whether Shippo is asked about the address before anything is charged; nothing: as the settings
  /// say.
  std::optional<bool> validates_address;
  bool retry = false; ///< The caller asks for a new payment attempt.
  money total; ///< Of items and adjustments, which are in its currency; 0: nothing is charged.

  /// What the journal holds: `byte_writer` fields behind a version byte. Not JSON: it is read again
  /// at every step that needs the order, a hundred times cheaper so.
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<order> decode(std::string_view bytes);
};

} // namespace orderhub::handlers
