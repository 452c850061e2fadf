#include "providers/policy/token_cache.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::providers {

token_cache::advice token_cache::next(std::int64_t now) {
  advice out;
  if (token_ && now >= dies_at_)
    token_.reset();
  if (token_) {
    out.token = &*token_;
    out.number = number_;
  }
  out.ask = !is_asking_ && (!token_ || now >= renew_at_);
  is_asking_ = is_asking_ || out.ask;
  return out;
}

std::uint64_t token_cache::given(secret token, std::int64_t asked_at, std::int64_t life_ms) {
  is_asking_ = false;
  ++number_;
  token_ = std::move(token);
  dies_at_ = asked_at + std::max<std::int64_t>(life_ms - margin_ms, 0);
  renew_at_ = asked_at + life_ms - std::min(life_ms / early_part, early_max_ms);
  return number_;
}

void token_cache::failed(std::int64_t now) {
  is_asking_ = false;
  renew_at_ = now + retry_ms;
}

void token_cache::refused(std::uint64_t number) {
  if (number == number_)
    token_.reset();
}

} // namespace orderhub::providers
