#include "journal/base/random.hpp"
#include "providers/policy/class_limiter.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

namespace orderhub::providers {
namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60'000;

/// The most that left in any window of that length, wherever it begins.
std::int64_t fullest(const std::vector<std::int64_t>& left, std::int64_t window_ms) {
  std::deque<std::int64_t> in;
  std::int64_t most = 0;
  for (const auto at : left) {
    in.push_back(at);
    while (in.front() <= at - window_ms)
      in.pop_front();
    most = std::max(most, static_cast<std::int64_t>(in.size()));
  }
  return most;
}

/// A vendor that takes so many calls in each second by its clock and answers 429 to the rest.
class counting_vendor {
public:
  explicit counting_vendor(std::int64_t a_second) : a_second_(a_second) {}
  bool takes(std::int64_t now) {
    if (now / second != second_) {
      second_ = now / second;
      count_ = 0;
    }
    return ++count_ <= a_second_;
  }

private:
  std::int64_t a_second_;
  std::int64_t second_ = -1;
  std::int64_t count_ = 0;
};

} // namespace

TEST_CASE("over random arrivals no window sees more than the limit", "[providers][limiter]") {
  for (const auto seed : testing::seeds(1, 20)) {
    CAPTURE(seed);
    seeded_random dice(seed);
    const rate_limit limit{1 + static_cast<std::int64_t>(dice.below(120)),
                           (1 + static_cast<std::int64_t>(dice.below(90))) * 700};
    CAPTURE(limit.count, limit.per_ms);
    class_limiter limiter(limit, 0);
    std::vector<std::int64_t> left;
    std::int64_t now = 0;
    const auto end = 6 * limit.per_ms;
    while (now < end) {
      // Rushes, trickles and pauses; now and then a token is given back, or a refusal comes.
      const auto mood = dice.below(100);
      now += static_cast<std::int64_t>(mood < 60   ? dice.below(3)
                                       : mood < 98 ? dice.below(200)
                                                   : dice.below(3'000));
      for (auto wanted = dice.below(4); wanted > 0 && limiter.take(now); --wanted)
        if (dice.below(20) == 0)
          limiter.give_back(now);
        else
          left.push_back(now);
      if (dice.below(400) == 0)
        limiter.limited(now, now, 0);
    }
    CHECK(fullest(left, limit.per_ms) <= limit.count);
  }
}

TEST_CASE("a rate that refusals have shown is kept to in every second, with one burst",
          "[providers][limiter]") {
  for (const auto seed : testing::seeds(1, 10)) {
    CAPTURE(seed);
    seeded_random dice(seed);
    class_limiter limiter;
    for (int i = 0; i < 200; ++i)
      REQUIRE(limiter.take(5));
    limiter.limited(5, 10, 0); // It was 200 in that second: 100 a second from now on.
    REQUIRE(limiter.learned_rate() == 100 * second);
    CHECK_FALSE(limiter.take(10));
    CHECK(limiter.next_at(10) == 10 + second + 10); // Held for a second, then the first one.
    std::vector<std::int64_t> left;
    for (std::int64_t now = 10; now < 10 + 4 * second;
         now += 1 + static_cast<std::int64_t>(dice.below(5)))
      while (limiter.take(now))
        left.push_back(now);
    CHECK(left.front() >= 10 + second);
    // Three seconds of growth by a fortieth of 200.
    CHECK(fullest(left, second) <= 115 + 23);
    CHECK(left.size() >= 280);
  }
}

TEST_CASE("a refusal holds the class as long as it asks, or as its window is",
          "[providers][limiter]") {
  class_limiter asked({500, minute}, 0);
  asked.limited(minute, minute, 7'000);
  CHECK(asked.held_ms(minute) == 7'000);
  CHECK_FALSE(asked.has_token(minute + 6'999));
  CHECK(asked.next_at(minute) >= minute + 7'000);

  // Shippo's 429 says nothing: its windows are minutes.
  class_limiter unasked({500, minute}, 0);
  unasked.limited(minute, minute, 0);
  CHECK(unasked.held_ms(minute) == minute);

  class_limiter far;
  far.limited(1, 1, 40LL * 24 * 3'600'000);
  CHECK(far.held_ms(1) == 3'600'000); // No vendor's wish is followed further than an hour.
}

TEST_CASE("of a burst that is refused one refusal counts, and the longest wish to wait",
          "[providers][limiter]") {
  class_limiter limiter;
  for (int i = 0; i < 160; ++i)
    REQUIRE(limiter.take(100));
  for (std::int64_t answer = 0; answer < 60; ++answer)
    limiter.limited(100, 200 + answer, answer == 30 ? 4'000 : 0);
  CHECK(limiter.learned_rate() == 80 * second);
  CHECK(limiter.held_ms(260) == 230 + 4'000 - 260);
  // One that left after it is another one.
  limiter.limited(5'000, 5'050, 0);
  CHECK(*limiter.learned_rate() < 80 * second);
}

TEST_CASE("a vendor that refuses one of thirteen calls whatever the pace is not given up",
          "[providers][limiter]") {
  for (const auto seed : testing::seeds(1, 5)) {
    CAPTURE(seed);
    seeded_random dice(seed);
    class_limiter limiter;
    std::int64_t taken = 0;
    for (std::int64_t now = 1; now < 10 * minute; now = limiter.next_at(now + 1)) {
      if (!limiter.take(now))
        continue;
      if (dice.below(13) == 0) {
        limiter.limited(now, now, second);
      } else {
        limiter.taken(now);
        ++taken;
      }
    }
    CHECK(taken >= 10 * 60 * 2 * 3 / 4); // At best 12 a second: each refusal asks for one.
  }
}

TEST_CASE("refusals in a row that ask for nothing hold longer each time", "[providers][limiter]") {
  class_limiter limiter;
  std::int64_t now = 1'000;
  for (const std::int64_t held : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000}) {
    limiter.limited(now, now, 0);
    CHECK(limiter.held_ms(now) == held);
    now += held + 1;
  }
  limiter.taken(now);
  limiter.limited(now, now, 0);
  CHECK(limiter.held_ms(now) == 1'000);
}

TEST_CASE("what was learned is recovered from slowly, and only by using it",
          "[providers][limiter]") {
  class_limiter limiter({100, second}, 0);
  std::int64_t now = 2 * second;
  const auto use = [&](std::int64_t ms) {
    for (const auto end = now + ms; now < end; ++now)
      while (limiter.take(now)) {
      }
  };
  use(5 * second);
  limiter.limited(now, now, 0);
  const auto cut = *limiter.learned_rate();
  CHECK(cut <= 50 * second);
  now += 30 * second; // Idle: nothing is recovered.
  REQUIRE(limiter.has_token(now));
  CHECK(limiter.learned_rate() == cut);
  use(10 * second);
  REQUIRE(limiter.learned_rate());
  CHECK(*limiter.learned_rate() > cut);
  CHECK(*limiter.learned_rate() < 2 * cut);
  use(30 * second);
  CHECK_FALSE(limiter.learned_rate()); // Only what is known counts again.
  REQUIRE(limiter.known() != nullptr);
  CHECK(limiter.shown() == "100 a second");
}

TEST_CASE("what refusals showed is forgotten after ten minutes without one",
          "[providers][limiter]") {
  class_limiter limiter;
  limiter.limited(1, 1, 0);
  REQUIRE(limiter.learned_rate());
  CHECK(limiter.has_token(599'000));
  CHECK(limiter.learned_rate());
  CHECK(limiter.has_token(600'001));
  CHECK_FALSE(limiter.learned_rate());
  CHECK(limiter.shown() == "none");
}

TEST_CASE("a vendor that announces no limit is mostly obeyed, and its limit mostly used",
          "[providers][limiter]") {
  for (const std::int64_t a_second : {3, 20, 100}) {
    CAPTURE(a_second);
    class_limiter limiter;
    counting_vendor vendor(a_second);
    std::int64_t taken = 0, refused = 0;
    constexpr std::int64_t seconds = 600;
    struct answer {
      std::int64_t at, left_at;
      bool is_refused;
    };
    std::deque<answer> answers;
    for (std::int64_t now = 1; now < seconds * second; now += 5) {
      while (!answers.empty() && answers.front().at <= now) {
        const auto a = answers.front();
        answers.pop_front();
        if (a.is_refused)
          limiter.limited(a.left_at, now, 0);
        else
          limiter.taken(a.left_at);
      }
      while (answers.size() < 160 && limiter.take(now)) {
        const bool ok = vendor.takes(now);
        ++(ok ? taken : refused);
        answers.push_back({now + 50, now, !ok});
      }
    }
    CHECK(taken >= seconds * a_second / 2);
    CHECK(refused <= taken / 10 + 160);
  }
}

} // namespace orderhub::providers
