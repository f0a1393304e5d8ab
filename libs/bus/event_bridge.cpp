#include "bus/event_bridge.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "base/thread.h"
#include "bus/wait.h"

namespace vedette::bus {

Result<std::unique_ptr<EventBridge>> EventBridge::open(std::span<Subscriber* const> subscribers) {
  return open(std::vector<Subscription*>(subscribers.begin(), subscribers.end()));
}

Result<std::unique_ptr<EventBridge>> EventBridge::open(std::span<Subscription* const> subscriptions) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return errno_error("event bridge: eventfd");
  std::unique_ptr<EventBridge> bridge(new EventBridge(subscriptions, std::move(event)));
  try {
    bridge->thread_ = start_thread("bus-bridge", [b = bridge.get()] { b->run(); });
  } catch (const std::system_error& error) {
    return Error{ErrorCode::kResourceExhausted, std::string("event bridge: no thread to be had: ") + error.what()};
  }
  return bridge;
}

EventBridge::EventBridge(std::span<Subscription* const> subscriptions, UniqueFd event) : event_(std::move(event)) {
  topics_.reserve(subscriptions.size());
  for (Subscription* subscriber : subscriptions) {
    Topic& topic = topics_.emplace_back();
    topic.subscriber = subscriber;
    topic.dir = subscriber->dir_;
    topic.name = subscriber->topic_;
    topic.schema_id = subscriber->schema_id_;
    topic.kind = subscriber->kind_;
  }
}

EventBridge::~EventBridge() {
  stop_.store(true, std::memory_order_release);
  ring();
  if (thread_.joinable()) thread_.join();
}

void EventBridge::ring() {
  control_.fetch_add(1, std::memory_order_release);  // pairs with run()'s acquire: armed_, stop_ and the marks are seen
  futex_wake_all(control_);
}

void EventBridge::signal() {
  const std::uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);  // fails only at 2^64 - 1: readable anyway
}

// --- the loop's thread

void EventBridge::rearm() {
  std::uint64_t count = 0;
  (void)!::read(event_.get(), &count, sizeof count);  // not readable: nothing to drain
  const bool armed = armed_.load(std::memory_order_acquire);
  bool news = false;
  for (Topic& topic : topics_) {
    Subscription& subscriber = *topic.subscriber;
    if (subscriber.attachment_ && is_gone(*subscriber.attachment_)) subscriber.detach();
    // The thread may have told us of a topic that the subscriber looked for in vain just before.
    if (!subscriber.attachment_) subscriber.next_attempt_ns_ = 0;
    const Attachment* const a = subscriber.ready() ? subscriber.attachment_.get() : nullptr;
    news |= a && newer_in(*a);
    // acquire above: while not armed the thread doesn't read the mark.
    if (armed) continue;
    topic.taken = a ? Mark{a->geometry().instance, a->last_sequence} : Mark{};
  }
  if (news) return signal();
  if (armed) return;
  armed_.store(true, std::memory_order_release);
  ring();
}

// --- the bridge's thread

void EventBridge::run() {
  for (;;) {
    const std::uint32_t control = control_.load(std::memory_order_acquire);
    if (stop_.load(std::memory_order_acquire)) return;
    if (!armed_.load(std::memory_order_acquire)) {
      futex_wait(control_, control, std::chrono::hours(1));
    } else if (wait_once(control)) {
      // Disarmed before the descriptor becomes readable: a rearm() that follows that must find it so. release: the marks were
      // read.
      armed_.store(false, std::memory_order_release);
      signal();
    }
  }
}

// Sleeps once, unless there is something to tell (true).
bool EventBridge::wait_once(std::uint32_t control) {
  watches_.assign(1, {&control_, control});
  bool all_attached = true;
  for (Topic& topic : topics_) {
    if (!keep_attached(topic))
      all_attached = false;
    else if (tell(topic))
      return true;
    else
      watches_.push_back(announce(*topic.attachment));
  }
  // The second look after the announcements.
  for (Topic& topic : topics_) {
    if (!topic.attachment) continue;
    if (tell(topic)) return true;
    if (topic.attachment->retired()) return false;
  }
  futex_wait_any(watches_, all_attached ? kLookUpEvery : Nanoseconds(kAttemptEveryNs));
  return false;
}

bool EventBridge::keep_attached(Topic& topic) {
  const std::uint64_t now = monotonic_ns();
  if (topic.attachment && (topic.attachment->retired() || now >= topic.next_look_up_ns)) {
    topic.next_look_up_ns = now + to_ns(kLookUpEvery);
    // A log is read to its end first.
    const bool unread = topic.attachment->kind() == TopicKind::kLog && has_untold(topic);
    if (!unread && topic.attachment->replaced()) topic.attachment.reset(), topic.next_attempt_ns = 0;
  }
  if (topic.attachment) return true;
  if (now < topic.next_attempt_ns) return false;
  topic.next_attempt_ns = now + kAttemptEveryNs;
  auto attached = Attachment::attach_to_wait(*topic.dir, topic.name, topic.schema_id, topic.kind);
  if (!attached.ok() || (*attached)->retired()) return false;  // the subscriber says why, in its error()
  topic.attachment = std::move(attached).value();
  topic.next_look_up_ns = now + to_ns(kLookUpEvery);
  return true;
}

// Is there something that neither the subscriber has taken nor its owner was told of?
bool EventBridge::has_untold(const Topic& topic) {
  const std::uint64_t instance = topic.attachment->geometry().instance;
  const std::uint64_t newest = head_sequence(topic.attachment->header().head.load(std::memory_order_seq_cst));  // R3
  const auto covers = [&](const Mark& mark) { return mark.instance == instance && mark.sequence >= newest; };
  return newest != 0 && !covers(topic.taken) && !covers(topic.told);
}

// Then he is told now.
bool EventBridge::tell(Topic& topic) {
  if (!has_untold(topic)) return false;
  topic.told = {topic.attachment->geometry().instance,
                head_sequence(topic.attachment->header().head.load(std::memory_order_seq_cst))};
  return true;
}

}  // namespace vedette::bus
