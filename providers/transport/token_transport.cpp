#include "providers/transport/token_transport.hpp"

#include "providers/policy/token_answer.hpp"
#include "providers/policy/token_cache.hpp"

#include <algorithm>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::providers {

namespace {

constexpr std::int64_t token_deadline_ms = 10'000;
/// With less time than this left no request is begun.
constexpr std::int64_t useful_ms = 100;

/// A request that has no token yet.
struct waiting_request {
  wire_request request;
  transport::callback done;
  std::int64_t arrived_at = 0; ///< Steady.
  bool is_again = false;       ///< It was refused under another token before.
};

struct client_state {
  std::shared_ptr<const token_client> client;
  token_cache cache;
  std::vector<waiting_request> waiting;
};

transport_outcome not_sent(std::string why, bool is_credential_refused = false) {
  transport_outcome out{outcome_kind::not_sent, {}, std::move(why)};
  out.is_credential_refused = is_credential_refused;
  return out;
}

} // namespace

struct token_transport::state : std::enable_shared_from_this<token_transport::state> {
  state(transport& behind_it, const clock& time_of) : behind(behind_it), time(time_of) {}

  transport& behind;
  const clock& time;
  std::mutex mutex;
  std::list<client_state> clients; ///< Few: one for each provider that has one.

  /// Under the lock.
  client_state& client_of(const std::shared_ptr<const token_client>& named) {
    const auto it = std::find_if(clients.begin(), clients.end(), [&](const client_state& known) {
      return *known.client == *named;
    });
    return it != clients.end() ? *it : clients.emplace_back(client_state{named, {}, {}});
  }

  void take(waiting_request w);
  /// `is_fresh`: the token was got for this request, so a 401 is the answer.
  void leave(waiting_request w, const secret& token, std::uint64_t number, bool is_fresh);
  void ask(std::shared_ptr<const token_client> client);
  void asked(const std::shared_ptr<const token_client>& client, std::int64_t asked_at,
             const transport_outcome& outcome);
};

token_transport::token_transport(transport& behind, const clock& time)
    : state_(std::make_shared<state>(behind, time)) {}
token_transport::~token_transport() = default;

void token_transport::send(wire_request request, callback done) {
  if (request.token == nullptr)
    return state_->behind.send(std::move(request), std::move(done));
  const auto now = state_->time.steady_ms();
  state_->take({std::move(request), std::move(done), now, false});
}

void token_transport::state::take(waiting_request w) {
  const auto client = w.request.token;
  token_cache::advice next;
  secret token;
  std::optional<waiting_request> ready;
  {
    const std::lock_guard lock(mutex);
    auto& known = client_of(client);
    next = known.cache.next(time.steady_ms());
    if (next.token != nullptr) {
      token = *next.token;
      ready.emplace(std::move(w));
    } else {
      known.waiting.push_back(std::move(w));
    }
  }
  if (next.ask)
    ask(client);
  if (ready)
    leave(std::move(*ready), token, next.number, false);
}

void token_transport::state::leave(waiting_request w, const secret& token, std::uint64_t number,
                                   bool is_fresh) {
  const bool may_go_again = !is_fresh && !w.is_again;
  auto wire = may_go_again ? w.request : std::move(w.request);
  // Of a request that has waited less is left of its time.
  wire.deadline_ms -= time.steady_ms() - w.arrived_at;
  wire.secret_headers.emplace_back("Authorization", secret("Bearer " + token.reveal()));
  const auto client = std::exchange(wire.token, nullptr);
  if (!may_go_again)
    return behind.send(std::move(wire), std::move(w.done));
  auto kept = std::make_shared<waiting_request>(std::move(w));
  behind.send(std::move(wire),
              [self = shared_from_this(), kept, client, number](transport_outcome outcome) {
                constexpr int unauthorized = 401;
                const bool is_refused = outcome.kind == outcome_kind::response &&
                                        outcome.response.status == unauthorized;
                const auto passed = self->time.steady_ms() - kept->arrived_at;
                if (!is_refused || passed + useful_ms > kept->request.deadline_ms)
                  return kept->done(std::move(outcome));
                {
                  const std::lock_guard lock(self->mutex);
                  self->client_of(client).cache.refused(number);
                }
                kept->is_again = true;
                self->take(std::move(*kept));
              });
}

void token_transport::state::ask(std::shared_ptr<const token_client> client) {
  const auto asked_at = time.steady_ms();
  auto request = token_request(*client, token_deadline_ms);
  behind.send(std::move(request),
              [self = shared_from_this(), client = std::move(client), asked_at](
                  const transport_outcome& outcome) { self->asked(client, asked_at, outcome); });
}

void token_transport::state::asked(const std::shared_ptr<const token_client>& client,
                                   std::int64_t asked_at, const transport_outcome& outcome) {
  auto grant = outcome.kind == outcome_kind::response
                   ? read_token(outcome.response)
                   : result<token_grant>(fail(
                         {error_kind::unavailable, "oauth.token", "no token: " + outcome.reason}));
  std::vector<waiting_request> waiting;
  secret token;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex);
    auto& known = client_of(client);
    waiting = std::exchange(known.waiting, {});
    if (grant) {
      token = grant->token;
      number = known.cache.given(grant->token, asked_at, grant->life_ms);
    } else {
      known.cache.failed(time.steady_ms());
    }
  }
  for (auto& w : waiting) {
    const auto left = w.request.deadline_ms - (time.steady_ms() - w.arrived_at);
    if (!grant)
      w.done(not_sent(grant.error().message, grant.error().kind == error_kind::misconfigured));
    else if (left < useful_ms)
      w.done(not_sent("the token came too late"));
    else
      leave(std::move(w), token, number, true);
  }
}

} // namespace orderhub::providers
