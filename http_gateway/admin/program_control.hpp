#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// What a running program does for an operator that is no matter of its hub.
class program_control {
public:
  virtual ~program_control() = default;

  /// A setting that was given, or that has a default.
  struct setting_in_force {
    std::string name;
    std::string value;     ///< Of a secret `set (sha256 ab12cd34)`.
    std::string_view from; ///< `flag`, `environment`, `file` or `default`.
  };
  struct settings_in_force {
    std::string file; ///< That they were read from; empty: none.
    std::vector<setting_in_force> settings;
  };
  /// Those that count now, in the order of the documents. From any thread.
  [[nodiscard]] virtual settings_in_force shown_settings() const = 0;

  /// What reading the settings again would come to.
  struct found_settings {
    std::string refused;                  ///< Why it would change nothing; empty: it would not.
    std::vector<std::string> credentials; ///< Vendors with other secrets, by name.
    bool restart_needed = false; ///< Something else differs: it counts from the next start.
  };
  /// From any thread; reads files.
  [[nodiscard]] virtual found_settings look_at_settings() const = 0;
  /// As SIGHUP does, soon.
  virtual void read_settings_again() = 0;
};

} // namespace orderhub::http_gateway
