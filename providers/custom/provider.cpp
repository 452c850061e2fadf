#include "providers/custom/provider.hpp"

#include <memory>
#include <utility>

namespace orderhub::providers::custom {

endpoint endpoint_of(const provider& of, std::string_view mock_base) {
  endpoint e;
  e.vendor = of.what->vendor;
  e.mode = of.base.empty() ? "mock" : "live";
  e.base = of.base.empty() ? std::string(mock_base) + "/custom" : of.base;
  if (of.base.empty())
    e.identity = "built-in";
  if (!of.auth.empty())
    e.secret_headers.emplace_back(of.auth_header, secret(of.auth_prefix + of.auth.reveal()));
  if (of.oauth) {
    auto client = *of.oauth;
    if (of.base.empty() && client.url.empty())
      client.url = e.base + "/token";
    e.token = std::make_shared<const token_client>(std::move(client));
  }
  e.limits = of.limits;
  return e;
}

} // namespace orderhub::providers::custom
