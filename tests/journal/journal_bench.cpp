// Figures of the journal on LMDB; not a test. Prints a JSON line a figure.
//
//   journal_bench append   <dir>            appends/s at 1, 64 and 256 records a commit
//   journal_bench orders   <dir> [orders]   orders of 16 records, with checkpoints between commits
//   journal_bench big      <dir> [rows]     commits while checkpoints run beside so many rows
//   journal_bench open     <dir> [orders]   time to open with so many stored orders
//
// The directory must be empty or absent, but `big` and `open` use what an earlier run has left.
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "journal/hub_journal.hpp"
#include "journal/key.hpp"
#include "journal/lmdb_store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::journal;

namespace {

using steady = std::chrono::steady_clock;
constexpr unix_ms start_time = 1'700'000'000'000;

double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

template <class T>
T must(result<T> r) {
  if (!r) {
    std::fprintf(stderr, "journal_bench: %s\n", r.error().message.c_str());
    std::exit(1);
  }
  return std::move(*r);
}
void must(result<void> r) {
  if (!r) {
    std::fprintf(stderr, "journal_bench: %s\n", r.error().message.c_str());
    std::exit(1);
  }
}

/// Kilobytes of anonymous memory, as the targets count it.
long anonymous_kb() {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("Pss_Anon:"))
      return std::atol(line.c_str() + 9);
  return 0;
}

/// What a directory's journal and its store are together.
struct hub {
  std::unique_ptr<lmdb_store> tables;
  std::unique_ptr<hub_journal> journal;

  explicit hub(const std::string& dir, journal_options options = {}) {
    seeded_random random(1);
    tables = must(lmdb_store::open(dir));
    journal = must(hub_journal::open(*tables, options, random));
  }
};

struct order_maker {
  seeded_random random{42};
  std::uint64_t next = 0;
  unix_ms now = start_time;

  /// The 16 records of one order in about 4 KB, in the 5 commits that they come in.
  std::vector<turn> make() {
    const auto number = next++;
    if (number % 5 == 0)
      ++now;
    // Order ids are random to the table: neighbours in time are no neighbours there.
    const object_id order{
        "OrderOrchestrator",
        hex_of({reinterpret_cast<const char*>(sha256_of(std::to_string(number)).data()), 16})};
    const object_id shipment{"Shipment", order.key};
    const object_id notice{"Notification", order.key};
    const auto id = invocation_id::make(now, random);
    std::uint32_t index = 0;
    std::vector<turn> turns(5);
    auto add = [&](std::size_t at, record_kind kind, std::string payload) {
      turns[at].records.push_back({kind, now, order, id, index++, std::move(payload)});
    };
    auto effect = [&](std::string name, std::uint32_t completion) {
      effect_payload e;
      e.name = std::move(name);
      e.completion = completion;
      e.operation = "stripe.charge";
      e.vendor = "stripe";
      e.target = "http://127.0.0.1:9999 mock";
      e.key = std::string(43, 'k');
      e.method = "POST";
      e.path = "/v1/payment_intents";
      e.headers = "content-type: application/x-www-form-urlencoded\n";
      e.body = std::string(300, 'b');
      return encode(e);
    };
    auto value = [](std::size_t size) {
      return encode(result<std::string>(std::string(size, 'v')));
    };
    input_payload input{"ProcessOrder", "1", false, 0, std::string(360, 'i'), {}, {}};
    add(0, record_kind::input, encode(input));
    add(0, record_kind::get, encode(state_payload{"order", std::nullopt}));
    add(0, record_kind::set, encode(state_payload{"order", std::string(420, 'o')}));
    add(0, record_kind::effect, effect("charge", 1));
    add(1, record_kind::completion, value(120));
    add(1, record_kind::merge, encode(state_payload{"payment", "3:pi_123456789"}));
    const auto ship = id.child(index);
    input_payload child{
        "BuyLabel", "1", false, 0, std::string(200, 's'), {}, caller_ref{order, id, 2}};
    add(1, record_kind::call, encode(call_payload{shipment, ship, 2, child}));
    turns[2].records.push_back({record_kind::effect, now, shipment, ship, 1, effect("label", 1)});
    turns[3].records.push_back({record_kind::completion, now, shipment, ship, 1, value(150)});
    turns[3].records.push_back({record_kind::output, now, shipment, ship, 2,
                                encode(output_payload{value(80), caller_ref{order, id, 2}})});
    add(4, record_kind::completion, value(80));
    add(4, record_kind::merge, encode(state_payload{"shipment", "1:trk_123"}));
    const auto mail = id.child(index);
    input_payload mailing{"Send", "1", false, 0, std::string(150, 'm'), {}, {}};
    add(4, record_kind::send, encode(call_payload{notice, mail, 0, mailing}));
    add(4, record_kind::merge, encode(state_payload{"confirmed", "1"}));
    add(4, record_kind::output, encode(output_payload{value(180), {}}));
    turns[4].records.push_back(
        {record_kind::output, now, notice, mail, 1, encode(output_payload{value(10), {}})});
    return turns;
  }
};

std::uint64_t bytes_of(const std::vector<turn>& turns) {
  std::uint64_t size = 0;
  for (const auto& t : turns)
    for (const auto& r : t.records)
      size += encode(r).size();
  return size;
}

struct percentiles {
  std::vector<double> ms;
  double at(double p) {
    if (ms.empty())
      return 0;
    std::sort(ms.begin(), ms.end());
    return ms[std::min(ms.size() - 1,
                       static_cast<std::size_t>(p * static_cast<double>(ms.size())))];
  }
};

void append(const std::string& dir) {
  for (const bool checkpoints : {false, true}) {
    for (const std::size_t batch : {1U, 64U, 256U}) {
      const auto path = dir + "/append-" + std::to_string(batch) + (checkpoints ? "-c" : "-n");
      journal_options options;
      if (!checkpoints)
        options.checkpoint_bytes = 1ULL << 40U;
      hub h(path, options);
      seeded_random random(3);
      const std::size_t count = batch == 1 ? 5'000 : 200'000;
      std::vector<std::vector<turn>> work;
      for (std::size_t made = 0; made < count;) {
        std::vector<turn> turns;
        for (std::size_t i = 0; i < batch; ++i, ++made) {
          const object_id id{"Order", std::to_string(made / 8)};
          const auto invocation = invocation_id::make(start_time, random);
          turns.push_back({{{record_kind::set, start_time, id, invocation, 1,
                             encode(state_payload{"v", std::string(215, 'x')})}}});
        }
        work.push_back(std::move(turns));
      }
      percentiles latency;
      const auto start = steady::now();
      for (auto& turns : work) {
        const auto begin = steady::now();
        must(h.journal->commit(turns));
        latency.ms.push_back(seconds_since(begin) * 1e3);
        if (checkpoints)
          (void)must(h.journal->maintain(start_time));
      }
      const auto took = seconds_since(start);
      std::printf("{\"bench\":\"append\",\"batch\":%zu,\"checkpoints\":%s,\"per_second\":%.0f,"
                  "\"commit_p50_ms\":%.3f,\"commit_p99_ms\":%.3f,\"commit_max_ms\":%.3f}\n",
                  batch, checkpoints ? "true" : "false", static_cast<double>(count) / took,
                  latency.at(0.5), latency.at(0.99), latency.at(1));
    }
  }
}

/// Orders as the hub would commit them, 64 under way at a time, folding where it is due.
void run_orders(hub& h, order_maker& maker, std::uint64_t orders, std::size_t under_way,
                const char* name) {
  percentiles commits;
  percentiles waits; // What a record waits: its commit and the slice before it.
  percentiles slices;
  std::uint64_t bytes = 0;
  std::uint64_t overlay_max = 0;
  double fold_seconds = 0;
  long anonymous = 0;
  const auto start = steady::now();
  double made_seconds = 0;
  for (std::uint64_t done = 0; done < orders; done += under_way) {
    const auto making = steady::now();
    std::vector<std::vector<turn>> stages(5);
    for (std::size_t i = 0; i < under_way; ++i) {
      auto turns = maker.make();
      if (i == 0)
        bytes = bytes_of(turns);
      for (std::size_t s = 0; s < 5; ++s)
        stages[s].push_back(std::move(turns[s]));
    }
    made_seconds += seconds_since(making);
    for (auto& turns : stages) {
      const auto queued = steady::now();
      const auto maintained = steady::now();
      const auto slices_before = h.journal->metrics().slices;
      (void)must(h.journal->maintain(maker.now));
      if (h.journal->metrics().slices != slices_before) {
        slices.ms.push_back(seconds_since(maintained) * 1e3);
        fold_seconds += seconds_since(maintained);
      }
      const auto begin = steady::now();
      must(h.journal->commit(turns));
      commits.ms.push_back(seconds_since(begin) * 1e3);
      waits.ms.push_back(seconds_since(queued) * 1e3);
    }
    overlay_max = std::max(overlay_max, h.journal->metrics().overlay_bytes);
    if (done % (under_way * 64) == 0)
      anonymous = std::max(anonymous, anonymous_kb());
  }
  const auto took = seconds_since(start) - made_seconds;
  std::printf(
      "{\"bench\":\"%s\",\"orders\":%llu,\"bytes_an_order\":%llu,\"orders_per_second\":%.0f,"
      "\"commit_p50_ms\":%.3f,\"commit_p99_ms\":%.3f,\"commit_max_ms\":%.3f,"
      "\"wait_p99_ms\":%.3f,\"wait_max_ms\":%.3f,"
      "\"slices\":%zu,\"slice_p50_ms\":%.3f,\"slice_p99_ms\":%.3f,\"slice_max_ms\":%.3f,"
      "\"fold_us_an_order\":%.1f,\"fold_share\":%.2f,\"overlay_max_mb\":%.1f,"
      "\"anonymous_mb\":%.1f,\"file_mb\":%.0f}\n",
      name, static_cast<unsigned long long>(orders), static_cast<unsigned long long>(bytes),
      static_cast<double>(orders) / took, commits.at(0.5), commits.at(0.99), commits.at(1),
      waits.at(0.99), waits.at(1), slices.ms.size(), slices.at(0.5), slices.at(0.99), slices.at(1),
      fold_seconds * 1e6 / static_cast<double>(orders), fold_seconds / took,
      static_cast<double>(overlay_max) / 1048576.0, static_cast<double>(anonymous) / 1024.0,
      static_cast<double>(h.tables->used_bytes()) / 1048576.0);
}

/// Rows of finished orders, written past the journal in large transactions that are not synced.
void fill(const std::string& dir, std::uint64_t orders) {
  {
    hub h(dir);
  }
  auto tables = must(lmdb_store::open(dir));
  {
    auto rows = must(tables->read());
    if (must(rows->count(table::ob)) >= orders)
      return;
  }
  const auto start = steady::now();
  std::vector<std::string> keys;
  keys.reserve(orders);
  for (std::uint64_t i = 0; i < orders; ++i)
    keys.push_back(
        hex_of({reinterpret_cast<const char*>(sha256_of("f" + std::to_string(i)).data()), 16}));
  std::sort(keys.begin(), keys.end());
  object_state state;
  state.folded_to = 0;
  state.last_time = start_time;
  state.values["order"] = std::string(320, 'o');
  std::unique_ptr<write_transaction> txn;
  for (std::uint64_t i = 0; i < orders; ++i) {
    if (i % 100'000 == 0) {
      if (txn)
        must(txn->commit());
      txn = must(tables->begin_write(false));
    }
    state.id = {"OrderOrchestrator", keys[i]};
    must(txn->append(table::ob, object_key(state.id), encode(state)));
  }
  must(txn->commit());
  std::vector<invocation_id> ids(orders);
  seeded_random random(9);
  for (std::uint64_t i = 0; i < orders; ++i)
    ids[i] = invocation_id::make(start_time - 1'000'000'000 + static_cast<unix_ms>(i / 8), random);
  std::sort(ids.begin(), ids.end());
  invocation_row row;
  row.object = {"OrderOrchestrator", "k"};
  row.invocation.finished = true;
  row.invocation.finished_at = start_time;
  row.invocation.output = encode(result<std::string>(std::string(100, 'r')));
  txn = nullptr;
  for (std::uint64_t i = 0; i < orders; ++i) {
    if (i % 100'000 == 0) {
      if (txn)
        must(txn->commit());
      txn = must(tables->begin_write(false));
    }
    row.invocation.id = ids[i];
    must(txn->append(table::iv, invocation_key(ids[i]), encode(row)));
  }
  must(txn->commit());
  txn = must(tables->begin_write(true));
  must(txn->put(table::mt, "filled", "1"));
  must(txn->commit());
  std::fprintf(stderr, "filled %llu orders in %.1f s\n", static_cast<unsigned long long>(orders),
               seconds_since(start));
}

void open_times(const std::string& dir, std::uint64_t orders) {
  fill(dir, orders);
  for (int i = 0; i < 3; ++i) {
    const auto start = steady::now();
    hub h(dir);
    const auto opened = seconds_since(start);
    (void)must(h.journal->resumable());
    (void)must(h.journal->timers(start_time, 1000));
    std::printf("{\"bench\":\"open\",\"stored_orders\":%llu,\"open_ms\":%.2f,"
                "\"with_resumable_ms\":%.2f,\"overlay_bytes\":%llu}\n",
                static_cast<unsigned long long>(orders), opened * 1e3, seconds_since(start) * 1e3,
                static_cast<unsigned long long>(h.journal->metrics().overlay_bytes));
    if (i == 1) { // The third start has a whole interval's log to read.
      order_maker maker;
      maker.next = 1'000'000'000;
      std::uint64_t bytes = 0;
      while (bytes < (8U << 20U)) {
        auto turns = maker.make();
        bytes += bytes_of(turns);
        must(h.journal->commit(turns));
      }
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: journal_bench append|orders|big|open <dir> [count]\n");
    return 2;
  }
  const std::string what = argv[1];
  const std::string dir = argv[2];
  const auto count = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  if (what == "append") {
    append(dir);
  } else if (what == "orders") {
    hub h(dir);
    order_maker maker;
    run_orders(h, maker, count != 0 ? count : 50'000, 64, "orders");
  } else if (what == "big") {
    fill(dir, count != 0 ? count : 5'000'000);
    hub h(dir);
    order_maker maker;
    maker.next = 2'000'000'000 + h.journal->metrics().last_lsn; // None of an earlier run's.
    run_orders(h, maker, 30'000, 64, "big");
  } else if (what == "open") {
    open_times(dir, count);
  } else {
    return 2;
  }
  return 0;
}
