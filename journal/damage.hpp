#pragma once
#include "journal/base/error.hpp"
#include "journal/base/result.hpp"
#include "journal/store.hpp"

#include <atomic>
#include <string>
#include <string_view>

/// How the journal's files say that something stored cannot be read, all of it with `corrupt`.
namespace orderhub::journal {

/// `where` of the hub journal's own errors.
constexpr auto where_journal = "journal.hub";

/// The journal as a whole.
tl::unexpected<error> corrupt_journal(std::string message);
/// Says in which row a failure to read was met.
tl::unexpected<error> damaged(std::string_view what, error e);
/// Likewise, where that concerns one object and the others can be read.
tl::unexpected<error> unreadable(std::string_view what, error e);
/// Whether `unreadable` made it.
bool concerns_one_object(const error& e);
/// An object's refusal: as `unreadable`, for one that is known by now.
tl::unexpected<error> refused_object(std::string message);

/// `service/key` of an object's key in `ob`, for people; hexadecimal where it is no such key.
std::string name_of_object(std::string_view key);

/// Whether a reader met a row of an index (`tm`, `ix`) that it cannot read, so that the index is to
/// be made again from the objects. Any thread.
class index_damage {
public:
  /// The first one since `taken` is named in an error event.
  void note(table t, std::string_view key, const error& why);
  [[nodiscard]] bool noted() const { return noted_; }
  /// The repair has begun: what is met from here on is for the next one.
  void taken() { noted_ = false; }

private:
  std::atomic<bool> noted_{false};
};

} // namespace orderhub::journal
