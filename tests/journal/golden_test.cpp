#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/hub_journal.hpp"
#include "journal/inspect/tool.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "journal/listing.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/replay.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/simulated_log.hpp"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <vector>

// Bytes that were written once and must be read for ever. Nothing here is made anew when a test
// fails: a change of bytes needs a new version, with files of its own beside these. The hidden
// tests `[.write_golden]` made the files, with ORDERHUB_WRITE_GOLDEN naming the directory.
namespace orderhub::testing {

using namespace journal;

namespace {

std::string golden(const std::string& name) {
  return std::string(ORDERHUB_GOLDEN_DIR) + "/" + name;
}

std::string write_directory() {
  const char* directory = std::getenv("ORDERHUB_WRITE_GOLDEN");
  return directory != nullptr ? directory : "";
}

std::string in_lines(const std::string& hex) {
  std::string out;
  for (std::size_t at = 0; at < hex.size(); at += 64)
    out += hex.substr(at, 64) + '\n';
  return out;
}

// What the journal of version 1 holds.
const object_id paid{"OrderOrchestrator", "order-1"};
const object_id waiting{"OrderOrchestrator", "order-2"};
const object_id sleeping{"DeploymentWorkflow", "deploy-1"};
const object_id shipment{"Shipment", "order-2"};
const invocation_id paid_run = invocation_at(day_one, 1);
const invocation_id waiting_run = invocation_at(day_one + 10, 2);
const invocation_id sleeping_run = invocation_at(day_one + 20, 3);

digest scope_of_paid() {
  return sha256_of("a request's scope");
}

effect_payload charge_effect() {
  effect_payload e;
  e.name = "charge";
  e.completion = 1;
  e.operation = "stripe.charge";
  e.vendor = "stripe";
  e.target = "mock";
  e.key = "key-1";
  e.policy = 1;
  e.deadline_ms = 30'000;
  e.method = "POST";
  e.path = "/v1/payment_intents";
  e.headers = "content-type: application/x-www-form-urlencoded\n";
  e.body = "amount=1999&currency=usd";
  return e;
}

/// What lists had when the golden journal with lists was written.
std::optional<listing> listed(const object_state& state) {
  if (state.id.service == "Shipment")
    return std::nullopt;
  listing l;
  l.created = day_one + static_cast<unix_ms>(state.id.key.size());
  l.row = "row of " + state.id.key;
  for (const auto& [name, value] : state.values) {
    l.counts.push_back("has:" + name);
    l.keys.push_back(value);
  }
  if (!state.live.empty())
    l.marks.push_back({"live", state.live.front().accepted_at});
  return l;
}
const listing_rules lists{
    1, {{"OrderOrchestrator", &listed}, {"DeploymentWorkflow", &listed}, {"Shipment", &listed}}};

/// `before_tail` is called between the checkpoint and what comes after it.
void write_journal(store& tables, commit_log* log, const std::function<void()>& before_tail,
                   const listing_rules* rules = nullptr) {
  seeded_random random(2024);
  journal_options options;
  options.slice_ms = 0;
  options.lists = rules;
  auto journal = hub_journal::open(tables, options, random, log);
  REQUIRE(journal);
  auto commit = [&](std::vector<record> records) {
    auto turns = one_turn(std::move(records));
    REQUIRE((*journal)->commit(turns));
  };
  input_payload input{"ProcessOrder", "1", false, 0, "{\"items\":[]}", {}, {}};
  input.key = request_key{scope_of_paid(), sha256_of("body"), day_one + 86'400'000};
  commit({input_record(paid, paid_run, day_one, input),
          {record_kind::effect, day_one, paid, paid_run, 1, encode(charge_effect())}});
  commit({{record_kind::completion, day_one + 5, paid, paid_run, 1,
           encode(result<std::string>("pi_1"))},
          state_record(record_kind::merge, paid, paid_run, day_one + 5, 2, "payment", "paid"),
          output_record(paid, paid_run, day_one + 6, 3, std::string("{\"status\":\"paid\"}"))});
  commit({input_record(waiting, waiting_run, day_one + 10),
          {record_kind::effect, day_one + 10, waiting, waiting_run, 1, encode(charge_effect())},
          {record_kind::effect_note, day_one + 11, waiting, waiting_run, 1,
           encode(note_payload{note_kind::retry_at, 1, day_one + 2'000, "503"})}});
  commit({input_record(sleeping, sleeping_run, day_one + 20),
          {record_kind::sleep, day_one + 20, sleeping, sleeping_run, 1,
           encode(wait_payload{1, day_one + 600'000})}});
  REQUIRE((*journal)->checkpoint_now(day_one + 30));
  before_tail();
  // The tail: log above the checkpoint.
  commit(
      {{record_kind::effect_note, day_one + 2'000, waiting, waiting_run, 1,
        encode(note_payload{note_kind::resend, 1, 0, ""})},
       {record_kind::completion, day_one + 2'050, waiting, waiting_run, 1,
        encode(result<std::string>("pi_2"))},
       state_record(record_kind::set, waiting, waiting_run, day_one + 2'050, 2, "status", "paid")});
  input_payload child{"BuyLabel", "1", false, 0, "{}", {}, caller_ref{waiting, waiting_run, 2}};
  commit({{record_kind::call, day_one + 2'060, waiting, waiting_run, 3,
           encode(call_payload{shipment, waiting_run.child(3), 2, child})}});
}

void load_rows(const std::string& file, store& tables) {
  std::istringstream lines(read_text(golden(file)));
  auto txn = tables.begin_write(true);
  REQUIRE(txn);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#')
      continue;
    std::istringstream fields(line);
    std::string name;
    std::string key;
    std::string value;
    fields >> name >> key >> value;
    for (std::size_t i = 0; i < table_count; ++i)
      if (name_of(static_cast<table>(i)) == name)
        REQUIRE((*txn)->put(static_cast<table>(i), unhex(key), unhex(value)));
  }
  REQUIRE((*txn)->commit());
}

/// Blocks of zeros are left out, and zeros at the end of a block.
void load_segments(const std::string& file, const std::string& directory) {
  std::istringstream lines(read_text(golden(file)));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#')
      continue;
    std::istringstream fields(line);
    std::string name;
    std::string place;
    std::string bytes;
    fields >> name >> place >> bytes;
    const auto path = directory + "/log/" + name;
    if (place == "size") {
      std::ofstream(path, std::ios::binary) << std::string(std::stoul(bytes), '\0');
      continue;
    }
    std::fstream out(path, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(std::stoul(place) * log_block));
    out << unhex(bytes);
    REQUIRE(out);
  }
}

/// Fails the running test where the journal does not hold what `write_journal` has written.
void check_contents(const hub_journal& journal, const std::string& hub) {
  CHECK(hex_of(journal.hub()) == hub);
  CHECK(journal.last_time() == day_one + 2'060);

  auto done = journal.find_invocation(paid_run);
  REQUIRE(done);
  REQUIRE(done->has_value());
  CHECK((*done)->object == paid);
  CHECK((*done)->invocation.finished);
  CHECK((*done)->invocation.finished_at == day_one + 6);
  CHECK((*done)->invocation.entries.size() == 3);
  CHECK(*decode_effect((*done)->invocation.entries[0].payload) == charge_effect());
  CHECK(**decode_result((*done)->invocation.output) == "{\"status\":\"paid\"}");
  CHECK(*journal.load(paid)->value("payment") == "paid");
  auto request = journal.find_request(scope_of_paid());
  REQUIRE(request);
  REQUIRE(request->has_value());
  CHECK((*request)->invocation == paid_run);
  CHECK((*request)->body == sha256_of("body"));

  auto state = journal.load(waiting);
  REQUIRE(state);
  CHECK(*state->value("status") == "paid");
  REQUIRE(state->live.size() == 1);
  CHECK(state->live[0].id == waiting_run);
  // The intent, one note (the newer one stands for the older one), completion, state, call.
  CHECK(state->live[0].entries.size() == 5);
  auto target = journal.load(shipment);
  REQUIRE(target);
  REQUIRE(target->live.size() == 1);
  CHECK(target->live[0].input.handler == "BuyLabel");
  CHECK(target->live[0].input.caller->object == waiting);

  auto resumable = journal.resumable();
  REQUIRE(resumable);
  CHECK(std::set<object_id>(resumable->begin(), resumable->end()) ==
        std::set<object_id>{waiting, shipment});
  auto timers = journal.timers(day_one + 10'000'000, 10);
  REQUIRE(timers);
  REQUIRE(timers->size() == 1);
  CHECK((*timers)[0].object == sleeping);
  CHECK((*timers)[0].due_at == day_one + 600'000);
}

/// And its lists.
void check_lists(const hub_journal& journal) {
  CHECK_FALSE(journal.listing_share()->has_value());
  auto page = journal.listed(std::nullopt, 100, 100, [](const auto&) { return true; });
  REQUIRE(page);
  std::vector<object_id> found;
  for (const auto& o : page->found) {
    found.push_back(o.object);
    CHECK(o.what.row == "row of " + o.object.key);
  }
  CHECK(found.size() == 3);
  CHECK(found.front() == sleeping);
  auto marked = journal.marked(std::vector<std::string>{"live"}, std::nullopt, 100);
  REQUIRE(marked);
  CHECK(marked->found ==
        std::vector<marked_object>{{day_one + 10, waiting}, {day_one + 20, sleeping}});
  auto bearing = journal.bearing("paid", 100);
  REQUIRE(bearing);
  CHECK(bearing->size() == 2);
  CHECK(journal.counts()->counts == std::map<std::string, std::int64_t, std::less<>>{
                                        {"has:payment", 1}, {"has:status", 1}, {"live", 2}});
  auto past = journal.past_of_objects(std::vector<object_id>{paid}, 10);
  REQUIRE(past);
  REQUIRE(*past);
  REQUIRE((*past)->found.size() == 1);
  CHECK((*past)->found.front().invocation.id == paid_run);
}

std::string rows_as_text(const memory_store& tables) {
  std::string out;
  for (std::size_t i = 0; i < table_count; ++i)
    for (const auto& [key, value] : tables.contents(static_cast<table>(i)))
      out += std::string(name_of(static_cast<table>(i))) + ' ' + hex_of(key) + ' ' + hex_of(value) +
             '\n';
  return out;
}

std::string hub_as_text(const memory_store& tables) {
  auto hub = decode_hub(tables.contents(table::mt).at("hub"));
  REQUIRE(hub);
  return hex_of(*hub) + '\n';
}

} // namespace

TEST_CASE("records of version 1 are read, and written, as they ever were", "[journal][golden]") {
  for (const auto& r : one_of_each_kind()) {
    CAPTURE(name_of(r.kind));
    const auto bytes = unhex(read_text(golden("records/" + std::string(name_of(r.kind)) + ".hex")));
    auto back = decode_record(bytes);
    REQUIRE(back);
    CHECK(*back == r);
    CHECK(hex_of(encode(r)) == hex_of(bytes));
  }
}

TEST_CASE("the worked example in FORMAT.md is a record of this program", "[journal][golden]") {
  const auto text = read_text(golden("../../journal/FORMAT.md"));
  const auto begin = text.find("```hex\n");
  REQUIRE(begin != std::string::npos);
  const auto from = begin + 7;
  const auto bytes = unhex(text.substr(from, text.find("```", from) - from));
  const invocation_id id = invocation_at(day_one, 1);
  record expected{
      record_kind::set, day_one, {"Order", "o-1"}, id, 2, encode(state_payload{"status", "paid"})};
  INFO("expected " << hex_of(encode(expected)));
  CHECK(hex_of(bytes) == hex_of(encode(expected)));
  auto back = decode_record(bytes);
  REQUIRE(back);
  CHECK(*back == expected);
}

TEST_CASE("a journal of version 1 loads for ever", "[journal][golden]") {
  memory_store tables;
  load_rows("journals/v1/journal.txt", tables);
  {
    auto rows = tables.read();
    REQUIRE(rows);
    CHECK(verify_tables(**rows).problems.empty());
  }
  const auto hub = read_text(golden("journals/v1/hub.txt")).substr(0, 32);
  seeded_random random(1);
  auto opened = hub_journal::open(tables, {}, random);
  REQUIRE(opened);
  check_contents(**opened, hub);
  REQUIRE((*opened)->checkpoint_now(day_one + 3'000));
  check_contents(**opened, hub);
}

TEST_CASE("a journal with lists loads for ever, and one without them gets them",
          "[journal][golden][lists]") {
  const std::string directory = GENERATE("journals/v1_lists", "journals/v1");
  CAPTURE(directory);
  memory_store tables;
  load_rows(directory + "/journal.txt", tables);
  seeded_random random(1);
  journal_options options;
  options.lists = &lists;
  auto opened = hub_journal::open(tables, options, random);
  REQUIRE(opened);
  const bool has_lists = directory.ends_with("lists");
  CHECK((*opened)->listing_share()->has_value() != has_lists);
  maintain_all(**opened, day_one + 3'000);
  check_contents(**opened, read_text(golden(directory + "/hub.txt")).substr(0, 32));
  check_lists(**opened);
  REQUIRE((*opened)->checkpoint_now(day_one + 3'000));
  check_lists(**opened);
  auto rows = tables.read();
  REQUIRE(rows);
  CHECK(verify_tables(**rows, &lists).problems == std::vector<std::string>());
}

// Two commits are in the commit log alone: the first of them twice, since its sync had failed, and
// the segment that holds it then has older batches too, which are folded.
TEST_CASE("a journal of version 2 loads for ever", "[journal][golden]") {
  temp_directory dir;
  auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
  REQUIRE(tables);
  auto files = file_log_directory::make(dir.path());
  REQUIRE(files);
  load_rows("journals/v2/journal.txt", **tables);
  load_segments("journals/v2/log.txt", dir.path());
  std::ostringstream out;
  CHECK(tool::verify(dir.path(), out) == 0);
  CHECK_THAT(out.str(), Catch::Contains(" lg=2 ") && Catch::Contains("problems=0"));

  const auto hub = read_text(golden("journals/v2/hub.txt")).substr(0, 32);
  seeded_random random(1);
  commit_log log(**files);
  auto opened = hub_journal::open(**tables, {}, random, &log);
  REQUIRE(opened);
  check_contents(**opened, hub);
  CHECK((*opened)->metrics().log_bytes == 2 * log_block);
  REQUIRE((*opened)->checkpoint_now(day_one + 3'000));
  check_contents(**opened, hub);
}

TEST_CASE("write the golden files", "[.write_golden]") {
  const auto directory = write_directory();
  if (directory.empty()) // Some filters run hidden tests too.
    return;
  for (const auto& r : one_of_each_kind())
    std::ofstream(directory + "/records/" + std::string(name_of(r.kind)) + ".hex")
        << "# A record of kind " << name_of(r.kind) << ", version 1.\n"
        << in_lines(hex_of(encode(r)));
  memory_store tables;
  write_journal(tables, nullptr, [] {});
  std::ofstream(directory + "/journals/v1/journal.txt")
      << "# Every row of a journal of format 1: table, key, value.\n"
      << rows_as_text(tables);
  std::ofstream(directory + "/journals/v1/hub.txt") << hub_as_text(tables);
}

TEST_CASE("write the golden files of lists", "[.write_golden_lists]") {
  const auto directory = write_directory();
  if (directory.empty())
    return;
  memory_store tables;
  write_journal(tables, nullptr, [] {}, &lists);
  std::ofstream(directory + "/journals/v1_lists/journal.txt")
      << "# Every row of a journal of format 1 with lists: table, key, value.\n"
      << rows_as_text(tables);
  std::ofstream(directory + "/journals/v1_lists/hub.txt") << hub_as_text(tables);
}

TEST_CASE("write the golden files of format 2", "[.write_golden_2]") {
  const auto directory = write_directory();
  if (directory.empty())
    return;
  memory_store tables;
  simulated_log disk;
  commit_log log(disk, {.segment_size = 4 * log_block, .spare = 1});
  write_journal(tables, &log, [&] { disk.fail_sync(1, error_kind::unavailable); });
  std::ofstream(directory + "/journals/v2/journal.txt")
      << "# Every row of a journal of format 2: table, key, value.\n"
      << rows_as_text(tables);
  std::ofstream(directory + "/journals/v2/hub.txt") << hub_as_text(tables);
  std::ofstream out(directory + "/journals/v2/log.txt");
  out << "# Its commit log: segment, block, bytes without the zeros at its end; blocks of zeros "
         "are left out.\n";
  const auto names = disk.names();
  REQUIRE(names);
  for (const auto& name : *names) {
    const auto bytes = disk.contents(name);
    out << name << " size " << bytes.size() << '\n';
    for (std::size_t at = 0; at < bytes.size(); at += log_block) {
      const auto block = bytes.substr(at, log_block);
      if (const auto last = block.find_last_not_of('\0'); last != std::string::npos)
        out << name << ' ' << at / log_block << ' ' << hex_of(block.substr(0, last + 1)) << '\n';
    }
  }
}

} // namespace orderhub::testing
