#include "notify/command_desk.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/thread.h"
#include "notify/commands.h"
#include "telemetry/log.h"

namespace vedette::notify {
namespace {

constexpr std::size_t kMostOrders = 32;
constexpr std::uint64_t kWarningEveryNs = 10'000'000'000;

}  // namespace

CommandDesk::CommandDesk(std::string bus_dir, std::vector<std::string> cameras, Answer answer)
    : bus_dir_(std::move(bus_dir)), cameras_(std::move(cameras)), answer_(std::move(answer)) {
  thread_ = start_thread("commands", [this] { run(); });
}

CommandDesk::~CommandDesk() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  thread_.join();
}

void CommandDesk::submit(std::string camera, std::string key, std::string_view payload, bool retained) {
  {
    const std::lock_guard lock(mutex_);
    if (orders_.size() >= kMostOrders) return void(++refused_);
    // One byte more than is allowed is enough to refuse it.
    orders_.push_back({std::move(camera), std::move(key), std::string(payload.substr(0, kLongestCommand + 1)), retained});
  }
  news_.notify_all();
}

void CommandDesk::run() {
  for (;;) {
    Order order;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return stopping_ || !orders_.empty(); });
      if (stopping_) return;
      order = std::move(orders_.front());
      orders_.pop_front();
    }
    carry_out(order);
  }
}

void CommandDesk::carry_out(const Order& order) {
  if (std::find(cameras_.begin(), cameras_.end(), order.camera) == cameras_.end())
    return;  // not ours: under this base there may be other devices' cameras
  if (order.retained) return refuse(order, "a retained command; expected one that isn't: it would come again at each start");
  const auto commands = parse_command(order.camera, order.key, order.payload);
  if (!commands) return refuse(order, commands.error().text);
  for (const stage::Command& command : *commands)
    if (const Result<> done = stage::send_command(bus_dir_, command); !done) return refuse(order, done.error().text);
  log::info("{}: did as MQTT asked: {}", order.camera, order.key.empty() ? "set" : "set/" + order.key);
}

void CommandDesk::refuse(const Order& order, const std::string& sentence) {
  ++refused_;
  if (const std::uint64_t now = monotonic_ns(); now >= next_warning_ns_) {
    log::warning("{}: refused what MQTT asked: {} ({} refused so far)", order.camera, sentence, refused_.load());
    next_warning_ns_ = now + kWarningEveryNs;
  }
  answer_(order.camera, order.key, sentence);
}

}  // namespace vedette::notify
