#include "actors/handlers/shipments/seek_label.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/shipments/order_report.hpp"
#include "actors/handlers/shipments/restored_labels.hpp"
#include "journal/base/bytes.hpp"
#include "providers/shippo/list_labels.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::context;
using durable::task;
namespace shippo = providers::shippo;
using found_label = std::optional<shippo::label_outcome>;

namespace {

/// As of now, in every activation the same: a hub that is restored in the middle of a purchase asks
/// before it sends anything that is not in its journal.
result<std::string> journaled_copies(settings_ptr s) {
  byte_writer w(16);
  w.u32(static_cast<std::uint32_t>(s->copies_made_at.size()));
  for (const auto made_at : s->copies_made_at)
    w.i64(made_at);
  return w.take();
}

/// The transaction's label as it is now; nothing where it has none (any more).
task<result<found_label>> label_of(context ctx, std::string transaction, std::string attempt) {
  auto read = shippo::read_label(ctx.step("forgotten_label", attempt), transaction);
  auto label = co_await ctx.effect(std::move(read));
  if (label)
    co_return found_label(std::move(*label));
  if (label.error().kind == error_kind::rejected)
    co_return found_label();
  co_return label.failure();
}

/// A JSON text or bare words, without what stands around them.
std::string words_of(std::string_view said) {
  constexpr std::string_view around = " \t\r\n\"";
  const auto begin = said.find_first_not_of(around);
  if (begin == std::string_view::npos)
    return {};
  return std::string(said.substr(begin, said.find_last_not_of(around) + 1 - begin));
}

/// A person looks where no list reaches: `buy`, or the id of the label's transaction.
task<result<found_label>> ask_a_person(context ctx, settings_ptr settings, std::string why) {
  for (int times = 1;; ++times) {
    auto word = ctx.awakeable();
    auto text = why;
    text += ": it cannot be seen whether a label was bought for this order before the hub was "
            "restored. Look for it at Shippo; then POST /restate/awakeables/";
    text += word.id;
    text += "/resolve with the id of its transaction, or with buy where there is none";
    report_refusal(ctx, text);
    co_await call_a_person(ctx, settings, "label", text);
    auto said = co_await word.value;
    if (!said)
      co_return said.failure();
    auto transaction = words_of(*said);
    if (transaction == "buy")
      co_return found_label();
    auto attempt = "told-" + std::to_string(times);
    auto label = co_await label_of(ctx, transaction, attempt);
    if (label && *label)
      co_return label;
    why = "the transaction that was named has no label";
  }
}

} // namespace

task<result<found_label>> seek_forgotten_label(context ctx, settings_ptr settings) {
  auto copies = co_await ctx.run("copies", &journaled_copies, settings);
  if (!copies)
    co_return copies.failure();
  byte_reader r(*copies);
  std::vector<unix_ms> times(r.u32());
  for (auto& time : times)
    time = r.i64();
  for (const auto made_at : times) {
    auto question = ctx.call(restored_labels_object(made_at), "Find", ctx.key());
    auto text = co_await question;
    if (!text)
      co_return text.failure();
    auto answer = forgotten_label::decode(*text);
    if (!answer)
      co_return answer.failure();
    if (answer->what == forgotten_label::kind::unknown) {
      auto told = co_await ask_a_person(ctx, settings, answer->text);
      co_return told;
    }
    if (answer->what == forgotten_label::kind::listed) {
      auto attempt = std::to_string(made_at);
      auto label = co_await label_of(ctx, answer->text, attempt);
      if (!label || *label)
        co_return label;
    }
  }
  co_return found_label();
}

} // namespace orderhub::handlers
