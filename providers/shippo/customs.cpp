#include "providers/shippo/customs.hpp"

#include <array>

namespace orderhub::providers::shippo {

std::span<const std::string_view> contents_types() {
  static constexpr std::array<std::string_view, 7> all = {
      "DOCUMENTS",          "GIFT", "SAMPLE", "MERCHANDISE", "HUMANITARIAN_DONATION",
      "RETURN_MERCHANDISE", "OTHER"};
  return all;
}

std::span<const std::string_view> non_delivery_options() {
  static constexpr std::array<std::string_view, 2> all = {"ABANDON", "RETURN"};
  return all;
}

std::span<const std::string_view> incoterms() {
  static constexpr std::array<std::string_view, 5> all = {"DDP", "DDU", "FCA", "DAP", "eDAP"};
  return all;
}

std::span<const std::string_view> export_codes() {
  static constexpr std::array<std::string_view, 5> all = {
      "NOEEI_30_37_a", "NOEEI_30_37_h", "NOEEI_30_37_f", "NOEEI_30_36", "AES_ITN"};
  return all;
}

} // namespace orderhub::providers::shippo
