#pragma once
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"
#include "providers/mock/operations.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::providers::mock {

/// One thing that a vendor tells the hub, before it is signed. Of SendGrid the body is one element:
/// what is due at once goes as one list.
struct notice {
  vendor_id vendor = vendor_id::stripe;
  unix_ms at = 0;           ///< When it happens; told then, or later.
  std::string target;       ///< Path and query at the hub: `/webhooks/stripe`.
  std::string url = {};     ///< Twilio: the whole URL that it was given and signs.
  header_list headers = {}; ///< Content type, GitHub's event and delivery id.
  std::string body;
};

/// What the vendors have to tell, in the order in which they learned it. Internal to the mock.
///
/// Bound: beyond `notices_max` untaken ones the rest is lost, as of a vendor that gave up.
class notices {
public:
  static constexpr std::size_t notices_max = 100'000;

  explicit notices(bool is_on) : is_on_(is_on) {}
  /// Whether anybody listens: nothing is written otherwise.
  [[nodiscard]] bool is_on() const { return is_on_; }
  /// Of the next notice, from 1; its vendor's id for it follows from it.
  std::uint64_t next_number() { return ++number_; }
  void add(notice one) {
    if (is_on_ && waiting_.size() < notices_max)
      waiting_.push_back(std::move(one));
  }
  std::vector<notice> take() { return std::exchange(waiting_, {}); }

private:
  bool is_on_;
  std::uint64_t number_ = 0;
  std::vector<notice> waiting_;
};

/// JSON, as all but Twilio send.
inline header_list json_content() {
  return {{"Content-Type", "application/json"}};
}

} // namespace orderhub::providers::mock
