#pragma once
#include "http_gateway/settings/settings.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// What a configured vendor made of the key that the hub has for it.
struct live_finding {
  enum class state : std::uint8_t {
    sound = 1,     ///< It knows the key.
    wrong = 2,     ///< It does not, or it is no such vendor: a setting is wrong.
    away = 3,      ///< It was not reached, or said that it is to be asked later.
    not_asked = 4, ///< No harmless read is known, or it is the built-in mock.
  };
  std::string vendor; ///< The endpoint's name: `slack_webhook`, `custom/erp`.
  state what = state::not_asked;
  std::string account, mode; ///< Empty: nobody says.
  std::string text;          ///< For people: the setting that is wrong, or why it was not asked.
};

/// Asks each endpoint that these settings configure once, all at the same time, within fifteen
/// seconds. In the order of their names. Settings that `serve` would not take have none. What is
/// told has no secret and nothing of a person.
std::vector<live_finding> check_live(const settings& s, providers::transport& net);

/// `sound`, `wrong`, `away`, `not_asked`.
std::string_view name_of(live_finding::state what);
/// An exit status: `wrong_use` where one is wrong, else `not_reached` where one is away.
int status_of(const std::vector<live_finding>& found);
std::string shown_live(const std::vector<live_finding>& found);

} // namespace orderhub::http_gateway
