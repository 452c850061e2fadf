#pragma once
#include "actors/handlers/webhooks/receipt.hpp"
#include "providers/webhooks/event.hpp"
#include "tests/simulation/world/world.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

using providers::webhooks::event_kind;

/// Verified events about order `1` of a world, as the door would have read them, and the door's way
/// into the hub. What the vendors did is taken from their ledger.
class event_sender {
public:
  explicit event_sender(world& w) : world_(w) {}

  /// Of the charge of that attempt, once it is at the vendor.
  [[nodiscard]] handlers::receipt payment(event_kind kind, const std::string& id,
                                          const std::string& attempt = "1") const;
  /// Of its label's parcel, by the vendor's ids alone.
  [[nodiscard]] handlers::receipt tracking(event_kind kind, const std::string& id) const;
  /// Of a mail, with our custom arguments.
  [[nodiscard]] handlers::receipt mail(event_kind kind, const std::string& id,
                                       const std::string& step) const;
  [[nodiscard]] handlers::receipt dispute(event_kind kind, const std::string& id) const;

  [[nodiscard]] static object_id object_of(const handlers::receipt& received);
  /// Gives it to the hub as the door does; the number of the client.
  std::size_t send(const handlers::receipt& received);
  /// And runs until it is answered: the status.
  int deliver(const handlers::receipt& received);
  /// What became of it: a member of `Webhook/…/Show`.
  [[nodiscard]] std::string became(const handlers::receipt& received, const char* member) const;

  /// The vendor's id of order 1's first effect of that kind: `charge`, `label`; empty: there is
  /// none.
  [[nodiscard]] std::string vendor_id(std::string_view kind, const char* member = "id") const;

  /// Of all of them, in the vendor's order.
  [[nodiscard]] std::vector<std::string> vendor_ids(std::string_view kind) const;

private:
  world& world_;
};

} // namespace orderhub::testing
