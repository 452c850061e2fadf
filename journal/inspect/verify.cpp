#include "journal/inspect/verify.hpp"

#include "journal/answer_index.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/key.hpp"
#include "journal/listing_index.hpp"
#include "journal/listing_rows.hpp"
#include "journal/log_row.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/open_work.hpp"
#include "journal/record.hpp"
#include "journal/record_refs.hpp"
#include "journal/restored.hpp"
#include "journal/session_key.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace orderhub::journal {

namespace {

constexpr std::size_t problems_kept = 100;

class verifier {
public:
  verifier(const reader& tables, const listing_rules* lists) : tables_(tables), lists_(lists) {}

  verify_report run() {
    meta();
    for (std::size_t i = 0; i < table_count; ++i) {
      if (!walk(static_cast<table>(i))) {
        problem("the tables from there on could not be read");
        return std::move(report_);
      }
    }
    log_end();
    lists_end();
    return std::move(report_);
  }

private:
  void problem(std::string text) {
    if (++report_.problem_count <= problems_kept)
      report_.problems.push_back(std::move(text));
  }
  void problem(std::string_view what, const error& e) {
    problem(std::string(what) + ": " + e.message);
  }

  std::optional<std::string_view> get(table t, std::string_view key) {
    auto row = tables_.get(t, key);
    if (row)
      return *row;
    problem("table " + std::string(name_of(t)), row.error());
    return std::nullopt;
  }

  void meta() {
    if (auto row = get(table::mt, meta_key::format); !row)
      problem("the format row is missing");
    else if (auto v = decode_format(*row); !v)
      problem("the format row", v.error());
    else
      has_commit_log_ = *v != format_of_tables;
    if (auto row = get(table::mt, meta_key::hub); !row)
      problem("the hub id is missing");
    else if (auto v = decode_hub(*row); !v)
      problem("the hub id", v.error());
    if (auto row = get(table::mt, meta_key::log)) {
      if (auto v = decode_log_id(*row); !v)
        problem("the commit log's id", v.error());
    } else if (has_commit_log_) {
      problem("the commit log's id is missing");
    }
    if (auto row = get(table::mt, meta_key::checkpoint); !row)
      problem("the checkpoint is missing");
    else if (auto v = decode_checkpoint(*row); !v)
      problem("the checkpoint", v.error());
    else
      checkpoint_ = v->lsn;
    if (auto row = get(table::mt, meta_key::boot)) // Absent: no commit knew its boot.
      if (auto v = decode_boot(*row); !v)
        problem("the boot id", v.error());
    if (auto row = get(table::mt, meta_key::copied)) // Only in a copy that no hub started on.
      if (auto v = decode_copy_mark(*row); !v)
        problem("the mark of a copy", v.error());
    if (auto row = get(table::mt, meta_key::restored))
      if (auto v = decode_restorations(*row); !v)
        problem("what it was restored from", v.error());
    if (auto row = get(table::mt, meta_key::session)) // Absent: no hub with sessions was here yet.
      if (auto v = decode_session_key(*row); !v)
        problem("the key of sessions", v.error());
    if (auto state = listing_state_in(tables_); !state)
      problem("the state of the lists", state.error());
    else if (*state) // Those of another program's rules are not known here.
      listing_ = lists_ != nullptr && lists_->form == (*state)->form ? std::move(**state)
                                                                     : listing_state{};
  }

  /// False where a damaged page ended the reading for good.
  bool walk(table t) {
    auto expected = tables_.count(t);
    if (!expected) {
      problem("table " + std::string(name_of(t)), expected.error());
      return false;
    }
    std::uint64_t walked = 0;
    std::string last;
    auto done = tables_.scan(t, {}, [&](auto key, auto value) {
      if (walked > 0 && key <= last) {
        problem("table " + std::string(name_of(t)) + ": keys out of order");
        return false;
      }
      last = std::string(key);
      row(t, key, value);
      return ++walked <= *expected; // A page that points back would go round for ever.
    });
    report_.rows[static_cast<std::size_t>(t)] = walked;
    if (!done) {
      problem("table " + std::string(name_of(t)), done.error());
      return false;
    }
    if (walked != *expected)
      problem("table " + std::string(name_of(t)) + " counts " + std::to_string(*expected) +
              " rows, but " + std::to_string(walked) + " can be reached");
    return true;
  }

  void row(table t, std::string_view key, std::string_view value) {
    switch (t) {
    case table::lg:
      return log_row(key, value);
    case table::ob:
      return object(key, value);
    case table::iv:
      return invocation(key, value);
    case table::tm:
      return timer(key, value);
    case table::dd:
      return request(key, value);
    case table::ix:
      return index(key, value);
    case table::sa:
      return aside(key, value);
    case table::rf:
      return found_by(key, value);
    case table::ls:
      return listed(key, value);
    case table::mt:
      return;
    }
  }

  // ── Lists ──

  [[nodiscard]] bool knows_lists() const { return listing_.form != 0; }

  /// What an object's state says is to be there; whether something else is, the sums tell.
  void object_listing(const object_state& state) {
    if (!knows_lists() || !listing_.covers(object_key(state.id)))
      return;
    const auto l = listing_of(*lists_, state);
    if (!l)
      return;
    for (const auto& [place, value] : rows_of(*l, state.id, listing_.secret)) {
      ++listed_expected_[static_cast<std::size_t>(place.first)];
      const auto row = get(place.first, place.second);
      if (row != value)
        problem("object " + state.id.text() + ": its row in table " +
                std::string(name_of(place.first)) + (row ? " is another" : " is missing"));
    }
    add_counts(*l, 1, counts_, wholes_expected_);
  }

  void listed(std::string_view key, std::string_view value) {
    ++listed_found_[static_cast<std::size_t>(table::ls)];
    const auto place = parse_listing_key(key);
    const auto row = decode_listing_row(value);
    if (!row)
      return problem("a row of the list of all", row.error());
    if (!place || object_digest(object_key(row->object)) != place->digest)
      problem("the list of all names object " + row->object.text() + " under another key");
  }

  void found_by(std::string_view key, std::string_view value) {
    ++listed_found_[static_cast<std::size_t>(table::rf)];
    if (auto found = decode_found_object(value); !found)
      problem("a row of what objects are found by", found.error());
    if (key.size() != found_by_key_size)
      problem("a key of what objects are found by is damaged");
  }

  void mark(std::string_view key, std::string_view value) {
    ++listed_found_[static_cast<std::size_t>(table::ix)];
    const auto place = parse_mark_key(key);
    const auto id = decode_object_ref(value);
    if (!id)
      return problem("a row of a mark's list", id.error());
    if (!place || object_digest(object_key(*id)) != place->digest)
      problem("the list of a mark names object " + id->text() + " under another key");
  }

  /// A row of `iv` of an object of a service with a rule.
  void object_invocation(const invocation_row& row) {
    if (!knows_lists() || listing_.step != listing_step::done ||
        !lists_->indexes(row.object.service) || is_aside(row.object))
      return;
    ++invocations_expected_;
    if (!get(table::ix,
             object_invocation_key(object_digest(object_key(row.object)), row.invocation.id)))
      problem("invocation " + row.invocation.id.text() + " is not in the list of its object");
  }

  void lists_end() {
    // What is set aside stays listed as it was.
    if (!knows_lists() || listing_.step != listing_step::done || report_.set_aside_count > 0)
      return;
    const auto compare = [&](std::string_view what, std::uint64_t found, std::uint64_t expected) {
      if (found != expected)
        problem("the lists have " + std::to_string(found) + ' ' + std::string(what) +
                ", and the objects " + std::to_string(expected));
    };
    for (const auto t : {table::ls, table::rf, table::ix}) {
      const auto i = static_cast<std::size_t>(t);
      compare("rows in table " + std::string(name_of(t)), listed_found_[i], listed_expected_[i]);
    }
    compare("invocations", invocations_found_, invocations_expected_);
    for (const auto& [digest, marks] : wholes_expected_)
      for (const auto& [name, parts] : marks)
        ++counts_[name];
    if (wholes_found_ != wholes_expected_)
      problem("the marks of wholes are not those that their parts have");
    if (counts_ != listing_.counts)
      problem("the counts of the lists are not those of the objects");
  }

  void log_row(std::string_view key, std::string_view value) {
    const auto first = parse_log_key(key);
    if (!first)
      return problem("the log has a key that is no sequence number");
    // What came before a commit log is trimmed in pieces, while the checkpoint goes on beyond it.
    const bool log_between =
        has_commit_log_ && *first == checkpoint_ + 1 && last_lsn_ && *last_lsn_ <= checkpoint_;
    if (last_lsn_ && *first != *last_lsn_ + 1 && !log_between)
      problem("the log jumps from " + std::to_string(*last_lsn_) + " to " + std::to_string(*first));
    if (!last_lsn_ && *first > checkpoint_ + 1)
      problem("the log begins at " + std::to_string(*first) + ", after the checkpoint at " +
              std::to_string(checkpoint_));
    auto walked = each_record(*first, value, [&](log_sequence lsn, std::string_view bytes) {
      log_record(lsn, bytes);
      return result<void>();
    });
    if (!walked)
      problem(walked.error().message);
    if (*first <= checkpoint_ && last_lsn_ && *last_lsn_ > checkpoint_)
      problem("the log's row at " + std::to_string(*first) + " reaches across the checkpoint at " +
              std::to_string(checkpoint_));
  }

  void log_record(log_sequence lsn, std::string_view bytes) {
    last_lsn_ = lsn;
    const auto name = "log record " + std::to_string(lsn);
    auto r = decode_record(bytes);
    if (!r)
      return problem(name, r.error());
    if (auto refs = refs_of(*r); !refs)
      problem(name, refs.error());
  }

  void log_end() {
    if (last_lsn_ && *last_lsn_ < checkpoint_ && !has_commit_log_)
      problem("the log ends at " + std::to_string(*last_lsn_) + ", before the checkpoint at " +
              std::to_string(checkpoint_));
  }

  void object(std::string_view key, std::string_view value) {
    const auto id = parse_object_key(key);
    if (!id)
      return problem("an object's key is damaged");
    const auto name = "object " + id->text();
    auto state = decode_object(value);
    if (!state)
      return problem(name, state.error());
    if (state->id != *id)
      problem(name + ": its row is that of another object");
    if (state->blank())
      problem(name + ": a blank row");
    if (is_aside(*id))
      problem(name + ": it has a row, though it is set aside");
    // The log was walked before. What comes next under these numbers would be passed over.
    if (state->folded_to > std::max(checkpoint_, last_lsn_.value_or(0)))
      problem(name + ": its row contains records up to " + std::to_string(state->folded_to) +
              ", which the log does not have");
    for (const auto& i : state->live) {
      auto row = get(table::iv, invocation_key(i.id));
      if (!row)
        problem(name + ": invocation " + i.id.text() + " is not in the invocation table");
    }
    if (const auto wait = next_due(*state); wait && !get(table::tm, timer_key(wait->due, *id)))
      problem(name + ": its timer is missing");
    if (needs_resume(*state) && !get(table::ix, active_key(*id)))
      problem(name + ": it is not in the active index");
    object_listing(*state);
  }

  void invocation(std::string_view key, std::string_view value) {
    const auto id = parse_invocation_key(key);
    if (!id)
      return problem("an invocation's key is damaged");
    const auto name = "invocation " + id->text();
    auto row = decode_invocation_row(value);
    if (!row)
      return problem(name, row.error());
    if (row->invocation.id != *id)
      problem(name + ": its row is that of another invocation");
    object_invocation(*row);
    if (row->invocation.finished) {
      if (auto output = decode_result(row->invocation.output); !output)
        problem(name + " output", output.error());
      return;
    }
    if (is_aside(row->object))
      return;
    auto state = state_of(row->object);
    if (!state || state->find_live(*id) == nullptr)
      problem(name + ": neither finished nor live in its object");
  }

  void timer(std::string_view key, std::string_view value) {
    auto row = decode_timer_row(key, value);
    if (!row)
      return problem("a timer", row.error());
    const auto name = "timer of object " + row->object.text();
    if (timer_key(row->due_at, row->object) != key)
      problem(name + ": it stands under another key");
    if (is_aside(row->object))
      return;
    auto state = state_of(row->object);
    if (!state || next_due(*state) != recorded_wait{row->recorded_at, row->due_at})
      problem(name + ": the object is not due then");
  }

  void aside(std::string_view key, std::string_view value) {
    const auto parts = parse_aside_key(key);
    if (!parts)
      return problem("a key of what is set aside is damaged");
    if (parts->prefix == aside_prefix::other)
      return set_aside("a row of table " + std::string(parts->table) + ", key " +
                       hex_of(parts->key));
    if (parts->prefix != aside_prefix::object) {
      if (!get(table::sa, aside_mark_key(parts->digest)))
        problem("of an object that is set aside there is a row or record, but no mark: " +
                hex_of(parts->digest));
      return;
    }
    auto mark = decode_aside_mark(value);
    if (!mark)
      return problem("the mark of an object that is set aside", mark.error());
    if (object_digest(object_key(mark->object)) != parts->digest)
      problem("the mark of object " + mark->object.text() + " stands under another key");
    set_aside("object " + mark->object.text() + ": " + mark->reason);
  }

  void set_aside(std::string text) {
    if (++report_.set_aside_count <= problems_kept)
      report_.set_aside.push_back(std::move(text));
  }

  bool is_aside(const object_id& id) {
    return get(table::sa, aside_mark_key(object_digest(object_key(id)))).has_value();
  }

  void request(std::string_view key, std::string_view value) {
    auto row = decode_request_row(value);
    if (!row)
      return problem("a request key's row", row.error());
    if (key.size() != 32)
      return problem("a request key's key is damaged");
    if (!get(table::ix, expiry_key(row->expires_at, byte_reader(key).array<32>())))
      problem("request key " + hex_of(key) + ": it is not in the expiry index");
  }

  void index(std::string_view key, std::string_view value) {
    if (key.empty())
      return problem("an index has an empty key");
    if (key.front() == index_prefix::expiry) {
      if (!parse_expiry_key(key))
        problem("a key of the expiry index is damaged");
      return;
    }
    if (key.front() == index_prefix::action) {
      const auto place = parse_action_key(key);
      const auto r = decode_record(value);
      if (!place || !r || r->kind != record_kind::operator_action || r->time != place->time ||
          !decode_operator(r->payload))
        problem("a row of the index of what people did is damaged");
      return;
    }
    if (key.front() == index_prefix::mark)
      return mark(key, value);
    if (key.front() == index_prefix::whole) {
      const auto marks = decode_parts_marked(value);
      if (!marks)
        return problem("a row of a whole's marks", marks.error());
      wholes_found_[std::string(key.substr(1))] = {marks->begin(), marks->end()};
      return;
    }
    if (key.front() == index_prefix::invocation) {
      ++invocations_found_;
      if (!invocation_begin_in(key))
        problem("a key of the list of an object's invocations is damaged");
      return;
    }
    if (key.front() == index_prefix::answer) {
      const auto row = decode_answer_row(value);
      if (!row)
        problem("a row of the index of vendors' ids of calls", row.error());
      if (!parse_answer_row_key(key))
        problem("a key of the index of vendors' ids of calls is damaged");
      return;
    }
    if (key.front() != index_prefix::active)
      return problem("an index of an unknown kind");
    auto id = decode_object_ref(value);
    if (!id)
      return problem("a row of the active index", id.error());
    if (active_key(*id) != key)
      problem("the active index names object " + id->text() + " under another key");
    if (is_aside(*id))
      return;
    auto state = state_of(*id);
    if (!state || !needs_resume(*state))
      problem("the active index names object " + id->text() + ", which waits for nothing");
  }

  std::optional<object_state> state_of(const object_id& id) {
    auto row = get(table::ob, object_key(id));
    if (!row)
      return std::nullopt;
    auto state = decode_object(*row);
    return state ? std::optional(std::move(*state)) : std::nullopt;
  }

  const reader& tables_;
  const listing_rules* const lists_;
  listing_state listing_; ///< Of no form: nothing is known of lists.
  std::array<std::uint64_t, table_count> listed_found_{}, listed_expected_{};
  std::uint64_t invocations_found_ = 0, invocations_expected_ = 0;
  listing_batch::count_changes counts_;
  std::map<std::string, listing_batch::count_changes> wholes_found_, wholes_expected_;
  verify_report report_;
  log_sequence checkpoint_ = 0;
  bool has_commit_log_ = false;
  std::optional<log_sequence> last_lsn_;
};

} // namespace

verify_report verify_tables(const reader& tables, const listing_rules* lists) {
  return verifier(tables, lists).run();
}

} // namespace orderhub::journal
