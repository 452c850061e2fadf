#pragma once
#include "journal/base/hash.hpp"
#include "journal/hub_journal.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/store.hpp"
#include "tests/support/memory_store.hpp"

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace orderhub::testing {

using namespace journal;

using orderhub::testing::memory_store;

/// A directory that goes away with its contents.
class temp_directory {
public:
  temp_directory();
  ~temp_directory();
  temp_directory(const temp_directory&) = delete;
  temp_directory& operator=(const temp_directory&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};

constexpr unix_ms day_one = 1'700'000'000'000;

invocation_id invocation_at(unix_ms time, std::uint64_t number);
record input_record(const object_id& object, const invocation_id& id, unix_ms time,
                    input_payload input = {"Run", "1", false, 0, "{}", {}, {}});
record state_record(record_kind kind, const object_id& object, const invocation_id& id,
                    unix_ms time, std::uint32_t index, std::string name,
                    std::optional<std::string> value);
record output_record(const object_id& object, const invocation_id& id, unix_ms time,
                     std::uint32_t index, const result<std::string>& value,
                     std::optional<caller_ref> caller = {});
/// One record of each kind, with every optional part present.
std::vector<record> one_of_each_kind();

std::vector<turn> one_turn(std::vector<record> records);

/// From hexadecimal; blanks and lines that begin with '#' are passed over.
std::string unhex(std::string_view text);
std::string read_text(const std::string& path);

/// What a journal must answer: the fold of everything committed, kept in the plainest way.
class reference {
public:
  void commit(const std::vector<turn>& turns);

  [[nodiscard]] object_state load(const object_id& id) const;
  [[nodiscard]] const std::map<object_id, object_state>& objects() const { return objects_; }
  /// Ids of every invocation that ever began, with their objects.
  [[nodiscard]] const std::map<invocation_id, object_id>& invocations() const {
    return invocations_;
  }
  [[nodiscard]] const std::map<digest, seen_request>& requests() const { return requests_; }
  [[nodiscard]] log_sequence last_lsn() const { return lsn_; }

private:
  void note_start(const object_id& object, const invocation_id& id, const input_payload& input);

  log_sequence lsn_ = 0;
  std::map<object_id, object_state> objects_;
  std::map<invocation_id, object_id> invocations_;
  std::map<digest, seen_request> requests_;
};

/// Fails the running test where the journal answers anything else than the reference.
void check_same(const hub_journal& journal, const reference& expected, unix_ms now);

/// No checkpoint by size or time: only `maintain` and `checkpoint_now`; slices end by rows alone.
journal_options slow_options();
/// The journal of `tables`; fails the running test where it cannot be opened.
std::unique_ptr<hub_journal> opened(store& tables, const journal_options& options);
/// One turn of these records.
void commit(hub_journal& journal, std::vector<record> records);
/// Every slice that is due.
void maintain_all(hub_journal& journal, unix_ms now);

/// Makes up turns that handlers could have taken: repeats for a seed.
class turn_maker {
public:
  explicit turn_maker(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::vector<turn> next(const reference& world);
  [[nodiscard]] unix_ms now() const { return now_; }
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }

private:
  [[nodiscard]] object_id some_object();
  [[nodiscard]] invocation_id new_invocation();
  [[nodiscard]] input_payload new_input();
  [[nodiscard]] std::string some_text(std::size_t size_max);
  void step(const object_state& state, const invocation_state& i, std::vector<record>& out);

  std::mt19937_64 random_;
  unix_ms now_ = day_one;
  std::uint64_t made_ = 0;
  std::uint64_t scopes_ = 0;
};

} // namespace orderhub::testing
