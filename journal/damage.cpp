#include "journal/damage.hpp"

#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/key.hpp"

#include <utility>

namespace orderhub::journal {

namespace {
/// Of an error that says that one object cannot be read: the others can.
constexpr auto where_object = "journal.object";
} // namespace

tl::unexpected<error> corrupt_journal(std::string message) {
  return fail({error_kind::corrupt, where_journal, std::move(message)});
}

tl::unexpected<error> damaged(std::string_view what, error e) {
  e.message = std::string(what) + ": " + e.message + "; run `orderhub journal verify`";
  return fail(std::move(e));
}

tl::unexpected<error> unreadable(std::string_view what, error e) {
  e.where = where_object;
  return damaged(what, std::move(e));
}

bool concerns_one_object(const error& e) {
  return e.kind == error_kind::corrupt && e.where == where_object;
}

tl::unexpected<error> refused_object(std::string message) {
  return fail({error_kind::corrupt, where_object, std::move(message)});
}

std::string name_of_object(std::string_view key) {
  const auto id = parse_object_key(key);
  return id ? id->text() : hex_of(key);
}

void index_damage::note(table t, std::string_view key, const error& why) {
  if (noted_.exchange(true))
    return;
  log::error("journal_index_damaged",
             {{"table", journal::name_of(t)}, {"key", hex_of(key)}, {"reason", why.message}});
}

} // namespace orderhub::journal
