#pragma once
#include "providers/mock/call.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace orderhub::providers::mock {

/// What the merchant's own services share, by providers/contracts/README.md: the token, the shape
/// of errors, and idempotency keys, each with the answer that was given under it. Internal to the
/// mock.
class contract_keys {
public:
  explicit contract_keys(const options& settings) : settings_(settings) {}

  /// A bearer token, if any, that does not contain `invalid`; else 401 is answered, and false.
  [[nodiscard]] static bool admit(call& c);
  /// Whether the work of this POST is to be done now. False: it is answered, refused or as it was
  /// the first time. `replays` counts the latter.
  [[nodiscard]] bool begin(call& c, std::uint64_t& replays);
  /// The work is done: a decision stays under the key; anything else leaves it free.
  void end(const call& c);
  /// `GET /v1/requests/{key}`, the key still encoded.
  void answer_for(call& c, std::string_view key) const;

  /// `{"error":{"code":…,"message":…,"field":…}}`
  static void refuse(call& c, int status, std::string_view code, std::string_view message,
                     std::string_view field = {});

private:
  struct record {
    std::string request; ///< Path and body, the latter in one form.
    int status = 0;
    std::string answer;
    unix_ms at = 0;
  };

  const options& settings_;
  std::unordered_map<std::string, record> records_;
  std::deque<std::string> oldest_; ///< Keys by age.
};

/// `/v1/reservations/oh-1/commit` with `/v1/reservations/`: the reference and `commit`. False where
/// it is not of that form.
bool split_reference(std::string_view path, std::string_view prefix, std::string_view& reference,
                     std::string_view& verb);
/// 1 to 100 of `A-Z a-z 0-9 . _ ~ -`.
bool is_reference(std::string_view text);

} // namespace orderhub::providers::mock
