// How long the check of one request body takes, and how long it takes to read one answer of a
// vendor: what nothing else of its thread may wait for longer. Figures, not a test. Prints a line a
// body, the best and the worst of its runs, and the worst of all that are small enough to be
// checked beside the steps of running orders; then the same of answers, each as the operation reads
// it that takes longest.
//
//   orderhub_bodies [RUNS]
#include "actors/handlers/orders/order_request.hpp"
#include "providers/policy/answer.hpp"
#include "tests/providers/samples.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

using namespace orderhub;

namespace {

std::string order_with(const std::string& items, const std::string& note) {
  return R"({"items":)" + items +
         R"(,"customer":{"email":"ada@example.com","name":"Ada"},"shipping":{"street":"1 Main St",)"
         R"("city":"Springfield","state":"IL","zip":"62701"},"note":)" +
         note + "}";
}

std::string list_of(std::size_t count, const std::string& one) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : ",") + one;
  return text + "]";
}

std::string object_of(std::size_t count) {
  std::string text = "{";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  return text + "}";
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

struct span {
  double least = 1e9, most = 0; ///< Milliseconds.

  template <class Work>
  void time(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - begin;
    least = std::min(least, ms.count());
    most = std::max(most, ms.count());
  }
};

void print_bodies(int runs) {
  const std::string item = R"({"productId":"sku-1","quantity":1,"price":4200})";
  const std::string one = "[" + item + "]";
  const std::vector<std::pair<std::string, std::string>> bodies = {
      {"an order", order_with(one, "0")},
      {"16 KiB of text", order_with(one, '"' + std::string(16'000, 'x') + '"')},
      {"16 KiB of numbers", order_with(one, list_of(8'000, "1"))},
      {"16 KiB of keys, within the bounds", order_with(one, object_of(1'000))},
      {"16 KiB of containers", order_with(one, list_of(5'300, "[]"))},
      {"1,000 items", order_with(list_of(1'000, item), "0")},
      {"1 MiB of text", order_with(one, '"' + std::string(1'000'000, 'x') + '"')},
      {"1 MiB of numbers", order_with(one, list_of(500'000, "1"))},
      {"95,000 keys", order_with(one, object_of(95'000))},
      {"15,000 elements 29 deep", order_with(one, list_of(15'000, nested(29)))},
      {"20,000 values, all of them", order_with(one, list_of(19'970, "1"))},
      {"22,000 items", order_with(list_of(22'000, item), "0")},
  };
  constexpr std::size_t small = 16 * 1024;
  double worst_small = 0, worst = 0;
  for (const auto& [name, body] : bodies) {
    span took;
    bool taken = false;
    for (int i = 0; i < runs; ++i)
      took.time([&] { taken = handlers::check_order(body, {}).has_value(); });
    std::printf("%-36s %8zu bytes  %-7s  %7.3f to %7.3f ms\n", name.c_str(), body.size(),
                taken ? "taken" : "refused", took.least, took.most);
    worst = std::max(worst, took.most);
    if (body.size() <= small)
      worst_small = std::max(worst_small, took.most);
  }
  std::printf("worst beside running orders (up to 16 KiB) %.3f ms, worst of all %.3f ms\n",
              worst_small, worst);
}

void print_answers(int runs) {
  constexpr std::size_t quick = providers::quickly_read_size_max - 16, long_one = 4'000'000;
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"32 KiB of text", R"({"a":")" + std::string(quick - 10, 'x') + R"("})"},
      {"32 KiB of numbers", R"({"a":)" + list_of(quick / 2 - 10, "1") + "}"},
      {"32 KiB of keys", object_of(3'000)},
      {"32 KiB of containers", R"({"results":)" + list_of(quick / 3 - 10, "{}") + "}"},
      {"4 MB of text", R"({"a":")" + std::string(long_one, 'x') + R"("})"},
      {"200,000 numbers", R"({"a":)" + list_of(199'000, "1") + "}"},
      {"2,000,000 numbers", R"({"a":)" + list_of(long_one / 2, "1") + "}"},
      {"4 MB of keys", object_of(190'000)},
      {"4 MB of objects",
       R"({"results":)" +
           list_of(60'000, R"({"object_id":"aaaaaaaa","status":"SUCCESS","metadata":"aaaaaaaa"})") +
           "}"},
  };
  double worst_quick = 0, worst = 0;
  for (const auto& [name, body] : answers) {
    span slowest{0, 0};
    std::string whose;
    for (const auto& [label, operation] : testing::sample_operations())
      for (const bool lookup : {false, true}) {
        if (lookup && operation.lookup == nullptr)
          continue;
        const providers::answer_reader reader{operation, testing::sent(operation), lookup};
        span took;
        for (int i = 0; i < runs; ++i)
          took.time([&] { static_cast<void>(reader.read({200, {}, body})); });
        if (took.least > slowest.least) {
          slowest = took;
          whose = label + (lookup ? ", look-up" : "");
        }
      }
    std::printf("answer: %-20s %8zu bytes  %-36s %7.3f to %7.3f ms\n", name.c_str(), body.size(),
                whose.c_str(), slowest.least, slowest.most);
    worst = std::max(worst, slowest.most);
    if (body.size() <= providers::quickly_read_size_max)
      worst_quick = std::max(worst_quick, slowest.most);
  }
  std::printf(
      "worst on an object's thread (up to 32 KiB) %.3f ms, worst of all, read apart, %.3f ms\n",
      worst_quick, worst);
}

} // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 20;
  print_bodies(runs);
  print_answers(runs);
}
