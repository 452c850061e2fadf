#include "http_gateway/admin/admin_streams.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/stream_items.hpp"
#include "http_gateway/server/stream_sink.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "journal/base/nice_thread.hpp"
#include "journal/base/thread_name.hpp"

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using log_place = log_sequence;

std::int64_t steady_now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

admin_problem invalid(std::string_view field, std::string why) {
  return {admin_reason::invalid_parameter, std::move(why), std::string(field), {}, {}};
}

struct stream_topics {
  bool orders = false, counts = false, vendors = false, webhooks = false, health = false;
};

std::variant<stream_topics, admin_problem> topics_in(std::string_view list) {
  stream_topics topics;
  const std::array<std::pair<std::string_view, bool*>, 5> known{{{"orders", &topics.orders},
                                                                 {"counts", &topics.counts},
                                                                 {"vendors", &topics.vendors},
                                                                 {"webhooks", &topics.webhooks},
                                                                 {"health", &topics.health}}};
  for (bool more = true; more;) {
    const auto end = list.find(',');
    more = end != std::string_view::npos;
    const auto word = list.substr(0, end);
    const auto topic =
        std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first == word; });
    if (topic == known.end())
      return invalid("topics", "topics must be a list with commas of orders, counts, vendors, "
                               "webhooks, health.");
    *topic->second = true;
    list.remove_prefix(more ? end + 1 : list.size());
  }
  return topics;
}

/// Where it goes on: what a browser says when it comes again counts before what its URL does.
std::variant<std::optional<log_place>, admin_problem> place_in(const http_request& request,
                                                               const admin_call& call) {
  auto text = request.header("last-event-id");
  const auto field = text.empty() ? "from" : "last-event-id";
  if (text.empty())
    text = call.value("from");
  if (text.empty())
    return std::optional<log_place>();
  log_place place = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), place);
  if (failed != std::errc() || end != text.data() + text.size())
    return invalid(field, std::string(field) + " must be the id of an event of this stream.");
  return std::optional(place);
}

std::string event_text(std::string_view name, log_place id, std::string_view data) {
  std::string text;
  text.append("event: ").append(name).append("\nid: ").append(std::to_string(id));
  return text.append("\ndata: ").append(data).append("\n\n");
}

bool bears_order(std::string_view service) {
  return service == handlers::order_service_name || service == handlers::shipment_service_name ||
         service == handlers::notification_service_name ||
         service == handlers::custom_service_name || service == handlers::parcel_service_name ||
         service == handlers::fulfilment_service_name;
}

/// What is told when it has changed.
struct standing {
  std::string what; ///< Compared,
  std::string text; ///< and told.
};
using standings = std::map<std::string, standing, std::less<>>;

/// Somebody who follows.
struct stream {
  stream_sink sink;
  stream_topics topics;
  handlers::order_filter filter;
  log_place told = 0; ///< All up to here.
  std::int64_t opened_ms = 0;
  std::int64_t said_ms = 0;
  std::map<std::string, std::string, std::less<>> known = {}; ///< Of standings, what was told.
};

/// Members of a JSON object that are there only where there is something to tell.
class message {
public:
  explicit message(log_place as_of) {
    text_.append(R"({"as_of_lsn":)").append(std::to_string(as_of));
  }
  void add(std::string_view name, std::string_view value) {
    text_.append(",\"").append(name).append("\":").append(value);
    has_any_ = true;
  }
  void add_list(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty())
      return;
    std::string list;
    for (const auto& v : values)
      list.append(list.empty() ? "[" : ",").append(v);
    add(name, list.append("]"));
  }
  [[nodiscard]] bool has_any() const { return has_any_; }
  [[nodiscard]] std::string text() const { return text_ + '}'; }

private:
  std::string text_;
  bool has_any_ = false;
};

/// What the streams of one turn share: nothing is read twice.
class shared_turn {
public:
  shared_turn(const admin_sources& from, const journal::change_feed& changes, std::size_t items_max)
      : from_(from), changes_(changes), items_left_(items_max), now_(from.hub.now()),
        reader_(list_reader_of(from.hub)) {}

  const journal::change_feed::changes& changed_since(log_place place) {
    const auto [it, is_new] = read_.try_emplace(place);
    if (is_new)
      it->second = changes_.read(place);
    return it->second;
  }

  struct told_order {
    std::optional<handlers::list_item> item; ///< Nothing: there is no such order.
    std::string text;
  };
  /// Null: not in this turn.
  const told_order* order(const std::string& key) {
    if (const auto known = orders_.find(key); known != orders_.end())
      return &known->second;
    if (!has_room())
      return nullptr;
    auto item = handlers::list_item_of(key, reader_, now_, from_.about.call_after_ms);
    if (!item)
      return nullptr;
    auto& told = orders_[key];
    told.item = std::move(*item);
    if (told.item)
      told.text = text_of(*told.item);
    return &told;
  }
  /// The key of the order for which it works; nothing: not in this turn.
  std::optional<std::string> order_of(const object_id& object) {
    if (object.service != handlers::fulfilment_service_name)
      return object.key;
    if (!has_room())
      return std::nullopt;
    auto key = handlers::order_of(object, reader_);
    return key ? std::optional(std::move(*key)) : std::nullopt;
  }
  /// Likewise; empty: there is none, or it cannot be read.
  const std::string* webhook(const std::string& key) {
    if (const auto known = webhooks_.find(key); known != webhooks_.end())
      return &known->second;
    if (!has_room())
      return nullptr;
    const auto one = from_.webhooks->find(key);
    return &webhooks_.emplace(key, one ? text_of(*one) : std::string()).first->second;
  }
  [[nodiscard]] unix_ms now() const { return now_; }

private:
  bool has_room() {
    if (items_left_ == 0)
      return false;
    --items_left_;
    return true;
  }

  const admin_sources& from_;
  const journal::change_feed& changes_;
  std::size_t items_left_;
  const unix_ms now_;
  const handlers::list_reader reader_;
  std::map<log_place, journal::change_feed::changes> read_;
  std::map<std::string, told_order, std::less<>> orders_;
  std::map<std::string, std::string, std::less<>> webhooks_;
};

} // namespace

struct admin_streams::impl {
  impl(admin_sources f, const journal::change_feed& c, options o) : from(f), changes(c), how(o) {}

  // ── Of whoever opens ──
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::vector<stream> arriving;
  mutable std::vector<stream_sink> sinks; ///< Of all that are open.
  bool stopping = false;

  // ── Of the thread ──
  const admin_sources from;
  const journal::change_feed& changes;
  const options how;
  std::vector<stream> streams;
  std::size_t next_first = 0; ///< Each turn begins with another.
  standings vendors, others;  ///< The latter by topic.
  std::int64_t standing_at = 0, counts_at = 0;
  log_place counted_to = 0;
  std::thread thread;

  void run() {
    name_this_thread("admin-streams");
    nice_thread().enter();
    std::unique_lock lock(mutex);
    while (!stopping) {
      if (sinks.empty())
        wake.wait(lock, [&] { return stopping || !sinks.empty(); });
      else
        wake.wait_for(lock, std::chrono::milliseconds(how.pause_ms), [&] { return stopping; });
      if (stopping)
        return;
      lock.unlock();
      turn(steady_now_ms());
      lock.lock();
      forget_ended();
    }
  }

  /// With the lock.
  void forget_ended() const {
    std::erase_if(sinks, [](const stream_sink& s) { return s.ended(); });
  }

  void turn(std::int64_t now_ms) {
    {
      const std::lock_guard lock(mutex);
      std::move(arriving.begin(), arriving.end(), std::back_inserter(streams));
      arriving.clear();
    }
    std::erase_if(streams, [](const stream& s) { return s.sink.ended(); });
    if (streams.empty())
      return;
    shared_turn shared(from, changes, how.items_a_turn);
    look_around(now_ms, shared.now());
    next_first = (next_first + 1) % streams.size();
    for (std::size_t n = 0; n < streams.size(); ++n)
      tell(streams[(next_first + n) % streams.size()], shared, now_ms);
  }

  [[nodiscard]] bool anybody(bool stream_topics::* topic) const {
    return std::any_of(streams.begin(), streams.end(),
                       [&](const stream& s) { return s.topics.*topic; });
  }

  /// What is told by comparing: vendors, health, counts.
  void look_around(std::int64_t now_ms, unix_ms wall_ms) {
    const auto keep = [](standings& all, const std::string& name, std::string what,
                         std::string text) {
      all.insert_or_assign(name, standing{std::move(what), std::move(text)});
    };
    if (standing_at == 0 || now_ms - standing_at >= how.standing_ms) {
      standing_at = now_ms;
      vendors.clear(); // What nobody asked for meanwhile is old.
      others.erase("health");
      if (anybody(&stream_topics::vendors))
        for (const auto& v : from.hub.vendors())
          keep(vendors, v.vendor, standing_of(v), text_of(v, wall_ms));
      if (anybody(&stream_topics::health)) {
        const auto health = from.hub.health();
        auto text = page_of(json{{"accepting", health.accepting},
                                 {"reason", text_or_null<json>(health.reason)}})
                        .body;
        keep(others, "health", text, text);
      }
    }
    if (!anybody(&stream_topics::counts) || now_ms - counts_at < how.counts_ms)
      return;
    const auto newest = changes.newest();
    // Who waits too long is called by no record.
    constexpr std::int64_t by_time_ms = 10'000;
    if (others.contains("counts") && newest == counted_to && now_ms - counts_at < by_time_ms)
      return;
    const auto counts = counts_now(from);
    if (!counts)
      return; // Asked again with the next turn.
    counts_at = now_ms;
    counted_to = newest;
    auto text = text_of(*counts);
    keep(others, "counts", text, text);
  }

  void tell(stream& s, shared_turn& shared, std::int64_t now_ms) {
    if (now_ms - s.opened_ms >= how.life_ms)
      return s.sink.end();
    if (now_ms - s.said_ms < how.pause_ms)
      return;
    auto text = next_of(s, shared);
    if (text.empty() && now_ms - s.said_ms >= how.heartbeat_ms)
      text = ": \nid: " + std::to_string(s.told) + "\n\n"; // An id alone is no event.
    if (text.empty())
      return;
    s.said_ms = now_ms;
    s.sink.write(text);
  }

  /// Empty: nothing to tell.
  std::string next_of(stream& s, shared_turn& shared) const {
    const auto& changed = shared.changed_since(s.told);
    if (changed.is_lost) {
      s.told = changed.upto;
      s.known.clear();
      return event_text("reset", s.told, message(s.told).text());
    }
    std::vector<std::string> orders, gone, webhooks;
    s.told = told_items(s, shared, changed, orders, gone, webhooks);
    message m(s.told);
    m.add_list("orders", orders);
    m.add_list("gone", gone);
    m.add_list("webhooks", webhooks);
    if (s.topics.vendors) {
      std::vector<std::string> news;
      for (const auto& [name, v] : vendors)
        if (is_news(s, "vendor " + name, v))
          news.push_back(v.text);
      m.add_list("vendors", news);
    }
    for (const auto& [name, is_wanted] :
         {std::pair("counts", s.topics.counts), std::pair("health", s.topics.health)})
      if (const auto it = others.find(name);
          is_wanted && it != others.end() && is_news(s, name, it->second))
        m.add(name, it->second.text);
    return m.has_any() ? event_text("change", s.told, m.text()) : std::string();
  }

  static bool is_news(stream& s, const std::string& name, const standing& now) {
    auto& known = s.known[name];
    if (known == now.what)
      return false;
    known = now.what;
    return true;
  }

  /// Of an event, whose key begins with its vendor: no other filter is about events.
  static bool is_of_vendor(std::string_view key,
                           const std::set<std::string, std::less<>>& vendors) {
    return vendors.empty() || std::any_of(vendors.begin(), vendors.end(), [&](const auto& vendor) {
             return key.size() > vendor.size() && key.starts_with(vendor) &&
                    key[vendor.size()] == ':';
           });
  }

  /// Up to where all has been told.
  log_place told_items(const stream& s, shared_turn& shared,
                       const journal::change_feed::changes& changed,
                       std::vector<std::string>& orders, std::vector<std::string>& gone,
                       std::vector<std::string>& webhooks) const {
    std::set<std::pair<bool, std::string>> seen; // Whether it is an order, and its key.
    for (const auto& c : changed.found) {
      const bool is_order = bears_order(c.object.service);
      const bool is_wanted = is_order ? s.topics.orders
                                      : s.topics.webhooks && from.webhooks != nullptr &&
                                            c.object.service == handlers::webhook_service_name;
      if (!is_wanted || (!is_order && !is_of_vendor(c.object.key, s.filter.vendors)))
        continue;
      const auto behind = std::max(s.told, c.lsn - 1);
      const auto key = is_order ? shared.order_of(c.object) : c.object.key;
      if (!key)
        return behind;
      if (seen.contains({is_order, *key}))
        continue;
      if (seen.size() == how.items_a_message)
        return behind;
      if (!is_order) {
        const auto* text = shared.webhook(c.object.key);
        if (text == nullptr)
          return behind;
        if (!text->empty())
          webhooks.push_back(*text);
      } else {
        const auto* order = shared.order(*key);
        if (order == nullptr)
          return behind;
        if (order->item && handlers::is_listed(*order->item, s.filter, shared.now()))
          orders.push_back(order->text);
        else if (order->item)
          gone.push_back(page_of(json(*key)).body);
      }
      seen.emplace(is_order, *key);
    }
    return std::max(s.told, changed.upto);
  }
};

admin_streams::admin_streams(admin_sources from, const journal::change_feed& changes, options o)
    : impl_(std::make_unique<impl>(from, changes, o)) {
  if (o.has_thread)
    impl_->thread = std::thread([i = impl_.get()] { i->run(); });
}

admin_streams::~admin_streams() {
  end_all();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  if (impl_->thread.joinable())
    impl_->thread.join();
}

std::optional<admin_problem> admin_streams::open(const http_exchange_ptr& exchange,
                                                 const admin_call& call,
                                                 const std::string& request_id) {
  auto topics = topics_in(call.value("topics"));
  if (auto* problem = std::get_if<admin_problem>(&topics))
    return std::move(*problem);
  auto place = place_in(exchange->request, call);
  if (auto* problem = std::get_if<admin_problem>(&place))
    return std::move(*problem);
  auto wanted = order_list_of(call);
  if (auto* problem = std::get_if<admin_problem>(&wanted))
    return std::move(*problem);
  if (auto problem = unknown_vendor(std::get<0>(wanted).filter.vendors, impl_->from))
    return problem;
  const auto& from = std::get<0>(place);
  const auto newest = impl_->changes.newest();
  const bool is_lost = from && impl_->changes.read(*from, 1).is_lost;
  const auto begin = from && !is_lost ? *from : newest;

  const std::lock_guard lock(impl_->mutex);
  impl_->forget_ended();
  if (impl_->stopping || impl_->sinks.size() >= impl_->how.most) {
    admin_problem p{admin_reason::unavailable,
                    std::to_string(impl_->how.most) +
                        " streams are open; close one, or read the lists.",
                    {},
                    {},
                    {}};
    p.retry_after_s = 5;
    return p;
  }
  http_response head;
  head.content_type = "text/event-stream";
  head.add_header("x-orderhub-api", "1");
  head.add_header("x-request-id", request_id);
  head.add_header("cache-control", "no-store");
  head.add_header("x-accel-buffering", "no"); // A proxy in front passes on what comes.
  auto sink = exchange->stream(std::move(head));
  message m(begin);
  if (!is_lost)
    m.add("resumed", from ? "true" : "false");
  sink.write("retry: 2000\n" + event_text(is_lost ? "reset" : "begin", begin, m.text()));
  const auto now_ms = steady_now_ms();
  impl_->arriving.push_back(
      {sink, std::get<0>(topics), std::move(std::get<0>(wanted).filter), begin, now_ms, now_ms});
  impl_->sinks.push_back(std::move(sink));
  impl_->wake.notify_all();
  return std::nullopt;
}

void admin_streams::end_all() {
  const std::lock_guard lock(impl_->mutex);
  for (auto& sink : impl_->sinks)
    sink.end();
}

std::size_t admin_streams::now() const {
  const std::lock_guard lock(impl_->mutex);
  impl_->forget_ended();
  return impl_->sinks.size();
}

void admin_streams::turn(std::int64_t steady_ms) {
  impl_->turn(steady_ms);
}

} // namespace orderhub::http_gateway
