#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/contracts/keys.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::mock {

/// A merchant's stock by `providers/contracts/inventory.json`. What nobody has set has
/// `stock_default` pieces; a product `missing…` is unknown. Nothing lapses by itself. Internal to
/// the mock.
class inventory {
public:
  static constexpr std::int64_t stock_default = 1'000'000;

  explicit inventory(shared_state& shared) : shared_(shared), keys_(shared.settings) {}

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);

  /// So many pieces are free from now on.
  void set_stock(const std::string& product, std::int64_t available);
  /// What is held for that order lapses, and its pieces are free. False where nothing is held.
  [[nodiscard]] bool expire(std::string_view order_id, unix_ms now, std::uint64_t request_number);

private:
  enum class state : std::uint8_t { held, committed, released, expired };
  struct line {
    std::string product;
    std::int64_t quantity = 0;
    friend bool operator==(const line&, const line&) = default;
  };
  struct reservation {
    std::uint64_t number = 0;
    std::string order_id, step;
    std::int64_t attempt = -1;
    std::vector<line> items;
    state is = state::held;
  };

  void get(call& c);
  void post(call& c);
  void reserve(call& c);
  void commit(call& c, reservation& of, const std::string& reference);
  void release(call& c, reservation& of, const std::string& reference);
  void list_stock(call& c);
  std::int64_t& stock_of(const std::string& product);
  /// Takes the pieces, or answers 409 with the short lines and takes nothing.
  [[nodiscard]] bool take(call& c, const std::vector<line>& items);
  void give_back(const std::vector<line>& items);
  static void refuse_short(call& c, const std::vector<line>& lines,
                           const std::vector<std::int64_t>& available);
  void answer(call& c, int status, const std::string& reference, const reservation& r);
  void note(effect_kind kind, const reservation& r, const call& c);
  void take_metadata(reservation& r, std::string_view body) const;

  shared_state& shared_;
  contract_keys keys_;
  std::map<std::string, reservation, std::less<>> reservations_;
  std::deque<std::string> oldest_; ///< References by age.
  std::map<std::string, std::int64_t, std::less<>> stock_;
  std::uint64_t made_ = 0;
};

} // namespace orderhub::providers::mock
