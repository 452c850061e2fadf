#pragma once
#include "journal/base/bytes.hpp"
#include "journal/base/money.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

struct order_item {
  std::string product_id;
  std::int64_t quantity = 0; ///< Positive.
  std::int64_t price = 0;    ///< Of one, minor units of the order's currency; 0: a free item.
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
  std::string country = "US";
  std::string phone;
  std::string email;
};

/// Measures as decimal texts, as Shippo takes them; empty texts mean the configured parcel.
struct parcel_size {
  std::string length, width, height, distance_unit, weight, mass_unit;
  [[nodiscard]] bool empty() const { return length.empty(); }
};

// Bytes of the parts that other journaled values hold too.
void put(byte_writer& w, const postal_address& a);
void put(byte_writer& w, const parcel_size& p);
postal_address get_address(byte_reader& r);
parcel_size get_parcel(byte_reader& r);

/// A checked order request.
struct order {
  std::vector<order_item> items;
  std::vector<order_adjustment> adjustments;
  std::string customer_email, customer_name, customer_phone;
  postal_address shipping;
  std::string payment_method; ///< After `check_order` empty only where nothing is to be paid.
  bool payment_method_given = false;
  std::string payment_customer;
  parcel_size parcel;
  bool retry = false; ///< The caller asks for a new payment attempt.
  money total; ///< Of items and adjustments, which are in its currency; 0: nothing is charged.

  /// What the journal holds: `byte_writer` fields behind a version byte. Not JSON: it is read again
  /// at every step that needs the order, a hundred times cheaper so.
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<order> decode(std::string_view bytes);
};

} // namespace orderhub::handlers
