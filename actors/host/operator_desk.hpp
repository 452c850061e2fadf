#pragma once
#include "actors/host/ingress.hpp"
#include "actors/host/seen_object.hpp"
#include "journal/base/ids.hpp"
#include "journal/record.hpp"

#include <string>
#include <vector>

namespace orderhub::host {

/// What a person does to one object.
struct operator_request {
  object_id object;
  /// The one it is about; zeros: all of the object. Of a cancel: the new one that does it.
  invocation_id invocation;
  journal::operator_payload action;
  /// Of a cancel, and of a retry of what has no open step: the handler that does it, which takes no
  /// body.
  std::string begins{};
  /// What it was decided upon: looked at in the object's own turn, and where one of these has had
  /// another record since, nothing is done. Of the object itself a record that is not durable yet
  /// counts; of others what the last commit has. A repeat of what was done is not asked for it.
  std::vector<seen_object> unchanged{};
};

/// Where people act on a running hub. Thread-safe; returns at once.
class operator_desk {
public:
  virtual ~operator_desk() = default;
  /// 202 when it is durable, or was: an action of the same id (`operator_payload::id`), of the last
  /// 24 hours and the newest hundred of that object, is not done twice. 404: nothing is open there
  /// that it could be about; 409: another action has that id, or the handler refuses; 412: what is
  /// to be `unchanged` is not; 503: the journal takes no writes.
  virtual void act(operator_request request, responder_ptr to) = 0;
};

} // namespace orderhub::host
