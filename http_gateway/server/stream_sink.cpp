#include "http_gateway/server/stream_sink.hpp"

#include "http_gateway/server/io_loop.hpp"
#include "http_gateway/server/shard.hpp"
#include "http_gateway/server/stream_body.hpp"

#include <mutex>

#include <boost/asio/post.hpp>

namespace orderhub::http_gateway {

using detail::stream_body;

bool stream_sink::write(std::string_view bytes) {
  if (!is_open_ || bytes.empty())
    return !ended();
  const auto wish = exchange_->stream_->add(bytes);
  if (wish == stream_body::wish::wake)
    exchange_->wake_stream();
  return wish != stream_body::wish::ended && !ended();
}

void stream_sink::end() {
  if (is_open_ && exchange_->stream_->finish() == stream_body::wish::wake)
    exchange_->wake_stream();
}

bool stream_sink::ended() const {
  return !is_open_ || !exchange_->stream_->is_open();
}

std::size_t stream_sink::unsent() const {
  return is_open_ ? exchange_->stream_->unsent() : 0;
}

stream_sink http_exchange::stream(http_response head) {
  stream_sink sink(shared_from_this());
  if (answered_.exchange(true, std::memory_order_acq_rel))
    return sink;
  stream_ = std::make_shared<stream_body>(!http_1_0_);
  response_ = std::move(head);
  sink.is_open_ = true;
  deliver();
  return sink;
}

void http_exchange::wake_stream() {
  if (!loop_) // Not from a server: a test's.
    return;
  bool first = false;
  {
    const std::lock_guard lock(loop_->mutex);
    if (loop_->closed)
      return stream_->leave();
    first = loop_->streamed.empty();
    loop_->streamed.push_back(shared_from_this());
  }
  if (first) {
    auto* loop = loop_.get();
    detail::asio::post(loop->context, [loop] {
      if (loop->owner)
        loop->owner->take_streamed();
    });
  }
}

} // namespace orderhub::http_gateway
