#pragma once
#include "journal/base/random.hpp"
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"
#include "providers/mock/webhooks/notices.hpp"
#include "providers/mock/webhooks/signer.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::providers::mock {

/// How webhooks go out: as vendors send them, and as they send them on a bad day.
struct webhook_manner {
  std::int64_t delay_ms = 50;  ///< Of each, at least.
  std::int64_t jitter_ms = 50; ///< Up to so much more, at random: later ones overtake.
  int copies_max = 1;          ///< Each is sent once to so many times, at random.
  double forged = 0;           ///< Beside each, with this probability, one that nobody signed.
  double lost = 0;             ///< Is never sent, with this probability.
  std::int64_t storm_ms = 0;   ///< What is due within so long goes out at its end, all at once.
};

/// One webhook on its way.
struct webhook_sending {
  vendor_id vendor = vendor_id::stripe;
  std::string target; ///< At the hub.
  header_list headers;
  std::string body;
  bool is_forged = false;
  // For sending it again.
  std::string url;
  int tries = 1;
};

/// What was told, until it is answered 2xx: signed when it goes out, since vendors sign each try
/// anew. Pure but for SendGrid's signatures; the same seed sends the same.
///
/// Bound: `waiting_max`; what is above is lost.
class webhook_queue {
public:
  static constexpr std::size_t waiting_max = 200'000;
  /// As the vendors do, only sooner: after 1, 5, 25 and 60 s, and then no more. Twilio and GitHub
  /// try once.
  static constexpr int tries_max = 5;

  webhook_queue(webhook_manner manner, webhook_keys keys, std::uint64_t seed)
      : manner_(manner), keys_(std::move(keys)), random_(seed) {}

  void add(std::vector<notice> told, unix_ms now);
  [[nodiscard]] std::optional<unix_ms> next_due() const;
  /// What is due, signed, in the order of its times; SendGrid's events as one list.
  std::vector<webhook_sending> take_due(unix_ms now);
  /// It was not answered 2xx: it goes out again, if its vendor would.
  void failed(webhook_sending sending, unix_ms now);
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

private:
  struct item {
    notice what;
    int tries = 1;
    bool is_forged = false;
  };
  void wait(item one, unix_ms at);
  bool happens(double probability);
  webhook_sending signed_now(item one, unix_ms now);

  webhook_manner manner_;
  webhook_keys keys_;
  seeded_random random_;
  std::multimap<unix_ms, item> waiting_;
};

} // namespace orderhub::providers::mock
