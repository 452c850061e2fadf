#include "http_gateway/settings/startup_checks.hpp"

#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"
#include "journal/base/loopback.hpp"
#include "providers/transport/ca_file.hpp"
#include "providers/vendors.hpp"

#include <tuple>

namespace orderhub::http_gateway {
namespace {

using providers::vendor_role;

std::string_view mode_of(const settings& s, const providers::vendor& v) {
  return v.mode_of(s.configuration_of(v));
}

bool takes_real_money(const settings& s) {
  return mode_of(s, providers::vendor_for(vendor_role::payment)) == "live";
}

bool mails(const settings& s) {
  return !mode_of(s, providers::vendor_for(vendor_role::mail)).empty();
}

bool is_loopback(const listen_address& a) {
  return is_loopback_host(a.host.find(':') == std::string::npos ? a.host : "[" + a.host + "]");
}

std::string key_variable(const providers::vendor& v) {
  return std::string(v.find(v.key)->environment);
}

void add_mixed_modes(std::vector<finding>& out, const settings& s) {
  if (!takes_real_money(s))
    return;
  const auto& shipping = providers::vendor_for(vendor_role::shipping);
  const auto mode = mode_of(s, shipping);
  if (mode == "test" && s.vendors.has(shipping.key))
    out.push_back({"mixed_modes", key_variable(shipping),
                   "Real money is charged and only test labels are bought."});
  if (mode == "mock")
    out.push_back({"mixed_modes", "MOCK_MODE",
                   "Real money is charged and the built-in mock sells the labels."});
}

bool is_on_this_machine(std::string_view base) {
  const auto host_at = base.find("://");
  if (host_at == std::string_view::npos)
    return false;
  const auto host = base.substr(host_at + 3);
  return is_loopback_host(host.substr(0, host.find('/')));
}

/// A live vendor: its key says so, or it stands at no address of this machine.
bool is_live(const settings& s, const providers::vendor& v) {
  return mode_of(s, v) == "live" &&
         (v.has_live_keys || !is_on_this_machine(s.vendors.text_of(v.base)));
}

std::string doubt_setting(std::string_view operation) {
  const auto* row = find_setting("doubt." + std::string(operation));
  return std::string(row->id.name) + " (" + std::string(row->id.environment) + ')';
}

/// With a live key nothing is called absent sooner than its operation knows: what still runs at the
/// vendor would be done twice.
result<void> check_absence(const settings& s) {
  for (const auto& v : providers::all_vendors()) {
    if (!is_live(s, v))
      continue;
    for (const auto& of : v.operations) {
      const auto it = s.doubt.find(of.name);
      const bool has_own = it != s.doubt.end() && it->second.absence_after_ms.has_value();
      const auto absence_ms = has_own ? *it->second.absence_after_ms : s.absence_after_ms;
      if (!of.has_lookup || (!has_own && absence_ms < 0) || absence_ms >= of.absence_after_ms)
        continue;
      return refuse((has_own ? doubt_setting(of.name)
                             : std::string("absence_after (ORDERHUB_ABSENCE_AFTER)")) +
                    " must be at least " + std::to_string(of.absence_after_ms / 1'000) +
                    "s with a live " + std::string(v.title) + " key: so long " +
                    std::string(of.name) + " may still be running when a look-up finds nothing.");
    }
  }
  for (const auto& provider : s.custom) {
    const auto& what = *provider.what;
    if (what.look_up && !what.doubt.absence_after_ms && !provider.base.empty() &&
        !is_on_this_machine(provider.base) && s.absence_after_ms >= 0 &&
        s.absence_after_ms < what.absence_after_ms)
      return refuse(what.operation +
                    ".doubt must say an absence time (look_up 10s): "
                    "absence_after (ORDERHUB_ABSENCE_AFTER) is below the " +
                    std::to_string(what.absence_after_ms / 1'000) + "s that it has else.");
  }
  return {};
}

/// What nobody sends first no second provider sends.
result<void> check_fallbacks(const settings& s) {
  for (const auto& [setting, value, role] :
       {std::tuple<std::string_view, const std::string&, vendor_role>(
            "fallback.mail", s.fallback_mail, vendor_role::mail),
        {"fallback.sms", s.fallback_sms, vendor_role::sms}}) {
    const auto& first = providers::vendor_for(role);
    if (!value.empty() && mode_of(s, first).empty())
      return refuse(
          std::string(setting) + " (" + std::string(find_setting(setting)->id.environment) +
          ") names a second provider, and the first one, " + std::string(first.title) +
          ", is not configured or disabled: set " + key_variable(first) + ", or leave it out.");
  }
  return {};
}

} // namespace

std::vector<std::string> faults_for_serve(const settings& s) {
  std::vector<std::string> faults;
  const auto expect = [&](bool holds, const std::string& sentence) {
    if (!holds)
      faults.push_back(sentence);
  };
  expect(is_loopback(s.listen) || !s.api_token.empty(),
         "listen (ORDERHUB_LISTEN) is not a loopback address: set ORDERHUB_API_TOKEN, or "
         "listen on 127.0.0.1.");
  expect(is_loopback(s.admin_listen) || s.has_admin_tokens(),
         "admin_listen (ORDERHUB_ADMIN_LISTEN) is not a loopback address: set "
         "ORDERHUB_ADMIN_TOKEN, or listen on 127.0.0.1.");
  if (!s.ca_file.empty())
    if (auto usable = providers::check_ca_file(s.ca_file); !usable)
      faults.push_back(s.ca_file_given_as + ": " + usable.error().message + ".");
  for (auto* check : {&check_absence, &check_fallbacks})
    if (auto sound = (*check)(s); !sound)
      faults.push_back(sound.error().message);
  if (!takes_real_money(s))
    return faults;
  const auto live_key =
      "with a live " + std::string(providers::vendor_for(vendor_role::payment).title) + " key";
  expect(!s.ship_from.empty(),
         "ORDERHUB_SHIP_FROM is not set: " + live_key + " the sample address is refused.");
  expect(!mails(s) || !s.mail_from.empty(),
         "ORDERHUB_MAIL_FROM is not set: " + live_key + " the sample sender is refused.");
  return faults;
}

result<void> check_for_serve(const settings& s) {
  if (const auto faults = faults_for_serve(s); !faults.empty())
    return refuse(faults.front());
  return {};
}

std::vector<finding> findings_of(const settings& s) {
  std::vector<finding> out;
  if (s.ship_from.empty())
    out.push_back({"sample_setting", "ORDERHUB_SHIP_FROM",
                   "Labels carry a sample sender address until this is set."});
  if (mails(s) && s.mail_from.empty())
    out.push_back({"sample_setting", "ORDERHUB_MAIL_FROM",
                   "Mails come from " + s.mail_from_or_sample() + " until this is set."});
  if (s.customs.empty())
    out.push_back({"sample_setting", "ORDERHUB_CUSTOMS",
                   "Parcels across a customs border are declared as samples on test labels, and "
                   "refused with a live key, until this is set."});
  for (const auto& v : providers::all_vendors()) {
    if (mode_of(s, v).empty() && !v.skipped.empty())
      out.push_back({"vendor_skipped", key_variable(v), std::string(v.skipped)});
    if (v.findings_of != nullptr)
      for (const auto& f : v.findings_of(s.configuration_of(v)))
        out.push_back({f.event, std::string(f.setting), std::string(f.message)});
  }
  add_mixed_modes(out, s);
  if (!s.sync_commit)
    out.push_back({"sync_off", "ORDERHUB_SYNC",
                   "A crash of the machine may lose orders that were acknowledged."});
  return out;
}

} // namespace orderhub::http_gateway
