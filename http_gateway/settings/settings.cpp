#include "http_gateway/settings/settings.hpp"

#include <algorithm>

namespace orderhub::http_gateway {
namespace {

constexpr std::string_view sample_mail_from = "orders@example.com";
constexpr std::string_view sample_ship_from =
    R"({"name":"Sample Sender","street1":"215 Clayton St.",)"
    R"("city":"San Francisco","state":"CA","zip":"94117","country":"US",)"
    R"("phone":"+1 555 341 9393","email":"orders@example.com"})";

} // namespace

std::string settings::mail_from_or_sample() const {
  return mail_from.empty() ? std::string(sample_mail_from) : mail_from;
}

std::string settings::ship_from_or_sample() const {
  return ship_from.empty() ? std::string(sample_ship_from) : ship_from;
}

providers::vendor_configuration settings::configuration_of(const providers::vendor& v,
                                                           std::string_view mock_base) const {
  return {vendors, mock_mode, std::find(disabled.begin(), disabled.end(), v.name) != disabled.end(),
          mock_base, absence_after_ms};
}

} // namespace orderhub::http_gateway
