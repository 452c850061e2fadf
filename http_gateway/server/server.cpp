#include "http_gateway/server/server.hpp"

#include "http_gateway/server/listener.hpp"
#include "http_gateway/server/shard.hpp"
#include "journal/base/nice_thread.hpp"
#include "journal/base/thread_name.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace orderhub::http_gateway {
namespace {

/// For the last answers to leave, at a stop.
constexpr std::int64_t final_flush_ms = 500;
constexpr std::size_t header_size_min = 512;
/// Half of what is read at once: a header always fits behind what was left of it.
constexpr std::size_t header_size_most = 32 * 1024;

} // namespace

struct server::impl {
  impl(server_options o, request_handler& handler) : options(std::move(o)) {
    for (unsigned n = 0; n < options.threads; ++n)
      shards.push_back(std::make_unique<detail::shard>(options, handler, counters));
  }

  void run() {
    boost::asio::post(shards.front()->loop->context, [this] { entrance.accept(); });
    for (auto& s : shards)
      threads.emplace_back([raw = s.get(), yields = options.yields] {
        name_this_thread("http");
        if (yields)
          nice_thread().enter();
        raw->run();
      });
  }

  /// On each io thread, some time after this.
  void post_to_each(void (detail::shard::*act)()) {
    for (auto& s : shards)
      boost::asio::post(s->loop->context, [raw = s.get(), act] { (raw->*act)(); });
  }

  /// Runs `ask` on each io thread, waits for all, and adds up what it returns.
  template <class Ask>
  std::size_t sum(Ask ask) {
    struct reply {
      std::mutex mutex;
      std::condition_variable arrived;
      std::size_t total = 0, missing = 0;
    } r;
    r.missing = shards.size();
    for (auto& s : shards)
      boost::asio::post(s->loop->context, [raw = s.get(), &r, ask] {
        const auto n = ask(*raw);
        const std::lock_guard lock(r.mutex);
        r.total += n;
        --r.missing;
        r.arrived.notify_one();
      });
    std::unique_lock lock(r.mutex);
    r.arrived.wait(lock, [&] { return r.missing == 0; });
    return r.total;
  }

  void on_each(void (detail::shard::*act)()) {
    sum([act](detail::shard& s) {
      (s.*act)();
      return std::size_t{0};
    });
  }

  /// Until nobody waits for an answer, at most `ms`.
  void wait_settled(std::int64_t ms) {
    const auto until = detail::steady_ms() + ms;
    while (sum([](detail::shard& s) { return s.unsettled(); }) > 0 && detail::steady_ms() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  void drain() {
    boost::asio::post(shards.front()->loop->context, [this] { entrance.close(); });
    post_to_each(&detail::shard::drain);
  }

  void end_threads() {
    for (auto& s : shards) {
      {
        const std::lock_guard lock(s->loop->mutex);
        s->loop->closed = true;
        s->loop->answered.clear();
        s->loop->streamed.clear();
      }
      s->loop->context.stop();
    }
    for (auto& t : threads)
      t.join();
    for (auto& s : shards)
      s->loop->owner = nullptr;
  }

  const server_options options;
  const std::shared_ptr<server_counters> counters = std::make_shared<server_counters>(options);
  std::vector<std::unique_ptr<detail::shard>> shards;
  detail::listener entrance{options, shards};
  std::vector<std::thread> threads;
  bool stopped = false;
};

server::server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}

server::~server() {
  stop(0);
}

result<std::unique_ptr<server>> server::start(server_options options, request_handler& handler) {
  if (options.threads == 0 || options.threads > 256)
    return fail({error_kind::invalid, "http.listen", "threads must be 1 to 256"});
  if (options.header_size_max < header_size_min || options.header_size_max > header_size_most)
    return fail(
        {error_kind::invalid, "http.listen", "header_size_max must be 512 bytes to 32 KiB"});
  auto i = std::make_unique<impl>(std::move(options), handler);
  if (auto listening = i->entrance.listen(); !listening)
    return listening.failure();
  i->run();
  return std::unique_ptr<server>(new server(std::move(i)));
}

std::uint16_t server::port() const {
  return impl_->entrance.port();
}

server_metrics server::metrics() const {
  return impl_->counters->read();
}

void server::drain() {
  if (!impl_->stopped)
    impl_->drain();
}

void server::stop(std::int64_t grace_ms) {
  if (std::exchange(impl_->stopped, true))
    return;
  impl_->drain();
  impl_->wait_settled(grace_ms);
  impl_->on_each(&detail::shard::answer_all);
  impl_->wait_settled(final_flush_ms);
  impl_->on_each(&detail::shard::close_all);
  impl_->end_threads();
}

} // namespace orderhub::http_gateway
