#pragma once
#include "providers/contracts/check/client.hpp"

#include <functional>
#include <string>
#include <vector>

namespace orderhub::providers::contracts {

using reporter = std::function<void(const rule_result&)>;

/// A body that is wrong in one member.
struct wrong_body {
  std::string what; ///< `quantity is a text`
  std::string field;
  std::string body;
};

/// What the rules that hold for every service need of one: its first POST, the one that makes
/// something.
struct subject {
  std::string noun;    ///< `reservation`
  std::string path;    ///< `/v1/reservations`
  std::string undo;    ///< `release`
  std::string undone;  ///< `released`
  std::string unknown; ///< `unknown_reservation`
  std::string (*body)(const check_options&, const std::string& reference) = nullptr;
  /// Sound, and of another content.
  std::string (*other_body)(const check_options&, const std::string& reference) = nullptr;
  std::vector<wrong_body> (*wrong)(const check_options&, const std::string& reference) = nullptr;
  /// How much the service has done so far, as a number that one more of it raises by one; negative
  /// where it cannot be told.
  std::int64_t (*done_so_far)(check_client&) = nullptr;
};

/// Rules K1 to K4 and K6, L1, L3, E1, E2, R1.
void check_common_rules(check_client& client, const subject& of, const reporter& report);

result<void> check_inventory(check_client& client, const reporter& report);
result<void> check_warehouse(check_client& client, const reporter& report);
result<void> check_carrier(check_client& client, const reporter& report);

// What the rules are written with.

question post_of(check_client& client, std::string path, std::string body);
question get_of(std::string path);
/// A member of a JSON object, as text (numbers too); empty where it is not there.
std::string member_text(const std::string& body, const char* name);
/// Whether two texts are the same JSON.
bool same_json(const std::string& a, const std::string& b);
/// Makes one and undoes it again.
void undo(check_client& client, const subject& of, const std::string& reference);

} // namespace orderhub::providers::contracts
