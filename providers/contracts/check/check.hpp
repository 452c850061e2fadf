#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::contracts {

enum class service_kind : std::uint8_t { inventory, warehouse, carrier };
inline constexpr std::string_view service_names[] = {"inventory", "warehouse", "carrier"};

/// What a check asks, and of whom. It does real work there: it reserves and puts back.
struct check_options {
  std::string base; ///< What stands before `/v1`, without a slash at its end.
  secret token = {};
  std::vector<service_kind> services = {};
  /// A product that the inventory knows, of which at least ten pieces are free.
  std::string product = "orderhub-check";
  /// Part of every key and reference of this run, so that no run meets an earlier one: 8 to 40 of
  /// `a-z 0-9`.
  std::string run;
};

/// What became of one rule.
struct rule_result {
  std::string rule;  ///< As in README.md: `K2`; of one service's own, its letter: `I3`.
  std::string title; ///< One sentence: what holds.
  bool is_kept = false;
  // Of one that is not kept.
  std::string request;  ///< `POST /v1/reservations, Idempotency-Key …, body {…}`
  std::string expected; ///< In plain words.
  std::string got;      ///< `500 <body>`, or why there was no answer.
};

/// Holds a server against the contract's rules, one request after the other, and tells `report` of
/// each rule once. Fails with `unavailable` where the server cannot be asked at all, and with
/// `invalid` where it does not have what a check needs (the product). Waits for each answer, at
/// most 15 s; never call it on the transport's thread.
result<void> check_contract(transport& net, const check_options& options,
                            const std::function<void(const rule_result&)>& report);

/// One result as lines for people, each ended.
std::string text_of(const rule_result& result);

} // namespace orderhub::providers::contracts
