#pragma once
#include "actors/host/hosted_object.hpp"
#include "tests/simulation/world/world.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace orderhub::testing {

/// An object in the machine's memory; the world is its host.
struct world::active_object final : host::object_host {
  active_object(world& w, host::activation who) : inside(w), object(*w.shared_, *this) {
    object.begin(std::move(who));
  }

  void append(journal::turn turn, std::shared_ptr<host::pending_output> then) override;
  void release_now(host::pending_output& what) override;
  void deliver(object_id target, durable::object_message message, host::turn_ref source) override;
  void wake_at(std::optional<std::int64_t> at) override;
  void read_apart(providers::answer_reader reader, host::vendor_outcome outcome) override;
  void failed(host::failed_activation what) override;

  world& inside;
  host::hosted_object object;
  /// As planned after its last event. The machine itself names no time that has come.
  std::optional<unix_ms> due = {};
};

/// What a durable turn lets go. Between each of it power can be lost.
class world::released final : public host::outlet {
public:
  released(world& w, host::activation from)
      : outlet(*w.shared_), world_(w), from_(std::move(from)) {}

  void call_vendor(durable::vendor_call call) override;
  void build_anew(std::string_view why) override;
  void tell_durable() override {} // `leave_memory` looks at it after every step.
  void acknowledge(const invocation_id& input) override;
  void finish(const durable::finished_call& call) override;
  void respond(std::uint64_t number) override;

private:
  world& world_;
  host::activation from_;
};

} // namespace orderhub::testing
