#pragma once
#include "providers/mock/call.hpp"
#include "providers/mock/objects.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::mock {

/// GitHub's deployments: create, list, statuses (list, create). A deployment succeeds at once,
/// unless a fault (`queued`) says otherwise. Internal to the mock.
class github {
public:
  explicit github(shared_state& shared)
      : shared_(shared), deployments_(shared.settings.objects_max) {}

  static call_id route(std::string_view method, std::string_view path);
  void handle(call& c);

private:
  struct status {
    std::uint64_t id = 0;
    std::string state;
    unix_ms at = 0; ///< Not shown before.
  };
  struct deployment {
    std::string repository, ref, sha, task, environment, description;
    std::string payload; ///< JSON text.
    unix_ms created_at = 0;
    std::vector<status> statuses; ///< Ascending.
  };

  void refuse(call& c, int http_status, std::string_view message, std::string_view field = {},
              std::string_view code = {});
  bool is_let_in(call& c);
  void create(call& c, std::string_view repository);
  void list(call& c, std::string_view repository);
  void statuses(call& c, std::string_view repository);
  void create_status(call& c, std::string_view repository);
  [[nodiscard]] deployment* find(std::string_view repository, std::string_view path);
  void append(std::string& out, std::uint64_t number, const deployment& d) const;
  /// `deployment`, or with a status `deployment_status`.
  void tell(std::uint64_t number, const deployment& d, const status* s);
  static void append(std::string& out, std::uint64_t number, const deployment& d, const status& s);

  shared_state& shared_;
  objects<deployment> deployments_;
  std::uint64_t statuses_ = 0;
};

} // namespace orderhub::providers::mock
