#include "bus/wait.h"

#include <algorithm>

#include "bus/doorbell.h"
#include "bus/ring.h"

namespace vedette::bus {
namespace {

constexpr std::int64_t kSuspendedNs = 1'000'000'000;
constexpr unsigned kLooksPerClock = 64;  // a look costs some ns, the clock some 25

// Tells the core that this is a loop: it lets its other hyperthread run and leaves the loop without a pipeline flush.
inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield" ::: "memory");
#endif
}

std::uint64_t after(std::uint64_t now_ns, Nanoseconds duration) {
  const std::uint64_t ns = to_ns(std::max(duration, Nanoseconds::zero()));
  return now_ns > ~0ull - ns ? ~0ull : now_ns + ns;
}

}  // namespace

bool newer_in(const Attachment& a) { return head_sequence(a.header().head.load(std::memory_order_seq_cst)) > a.last_sequence; }

void flush_after_suspend(Attachment& a) {
  if (a.kind() == TopicKind::kLog) return;
  const std::int64_t slept = slept_ns();
  if (slept > a.slept_ns + kSuspendedNs) a.last_sequence = head_sequence(a.header().head.load(std::memory_order_acquire));
  a.slept_ns = slept;
}

bool is_gone(Attachment& a) {
  flush_after_suspend(a);
  return !newer_in(a) && a.replaced();
}

FutexWatch announce(Attachment& a) {
  const std::atomic<std::uint32_t>& doorbell = a.header().doorbell;
  return {&doorbell, announce_waiter(doorbell, a.waiters()), a.geometry().instance};
}

bool spin_for_news(std::span<Attachment* const> attachments, std::uint64_t until_ns) {
  do {
    for (unsigned i = 0; i < kLooksPerClock; ++i) {
      for (const Attachment* attachment : attachments)
        if (has_news(*attachment)) return true;
      pause();
    }
  } while (monotonic_ns() < until_ns);
  return false;
}

Wait wait_for_news(Attachment& a, const WaitPolicy& policy, Nanoseconds timeout) {
  Attachment* const only = &a;
  const std::uint64_t start = monotonic_ns(), deadline = after(start, timeout);
  const std::uint64_t spin_until = std::min(deadline, after(start, policy.longest_spin()));
  for (;;) {
    if (is_over(a)) return Wait::kRetired;
    if (newer_in(a)) return Wait::kNew;
    const std::uint64_t now = monotonic_ns();
    if (now >= deadline) return Wait::kTimeout;
    if (now < spin_until) {
      if (spin_for_news({&only, 1}, std::min(spin_until, after(now, kLookUpEvery)))) continue;
      if (policy.kind == WaitPolicy::Kind::kHybrid) continue;
    } else {
      const FutexWatch doorbell = announce(a);
      if (has_news(a)) continue;
      futex_wait(*doorbell.word, doorbell.expected, std::min(kLookUpEvery, Nanoseconds(deadline - now)));
    }
    if (is_gone(a)) return Wait::kRetired;
  }
}

Wait RingReader::wait(Nanoseconds timeout) { return wait_for_news(*attachment_, policy_, timeout); }

Result<> RingReader::set_wait_policy(const WaitPolicy& policy) {
  VD_TRY(check(policy));
  policy_ = policy;
  return {};
}

Result<> Subscription::set_wait_policy(const WaitPolicy& policy) {
  VD_TRY(check(policy));
  policy_ = policy;
  return {};
}

Wait Subscription::wait(Nanoseconds timeout) {
  Subscription* const self = this;
  return wait_any(std::span(&self, 1), timeout) ? Wait::kNew : Wait::kTimeout;
}

Found Subscriber::find(std::uint64_t frame_id, Nanoseconds timeout) {
  const std::uint64_t deadline = after(monotonic_ns(), timeout);
  // Every other look is one after an announcement, and before a sleep.
  for (bool announced = false;; announced = !announced) {
    // Kept: the look may let go of files that were replaced.
    const std::shared_ptr<Attachment> attachment = announced ? attachment_ : nullptr;
    const FutexWatch doorbell = attachment ? announce(*attachment) : FutexWatch{};
    Found found = find(frame_id);
    const std::uint64_t now = monotonic_ns();
    if (found.status != Find::kNotYet || now >= deadline) return found;
    const Nanoseconds left(deadline - now);
    if (attachment && !attachment->retired())
      futex_wait(*doorbell.word, doorbell.expected, std::min(kLookUpEvery, left));
    else if (!attachment && !attachment_)
      futex_wait_any({}, std::min(Nanoseconds(kAttemptEveryNs), left));
  }
}

bool wait_any(std::span<Subscription* const> subscriptions, Nanoseconds timeout) {
  return WaitSet::of_this_thread().wait(subscriptions, timeout);
}
bool wait_any(std::span<Subscriber* const> subscribers, Nanoseconds timeout) {
  return WaitSet::of_this_thread().wait(subscribers, timeout);
}

WaitSet& WaitSet::of_this_thread() {
  thread_local WaitSet set;
  return set;
}

WaitSet::Look WaitSet::look(bool slept) {
  attached_.clear();
  for (Subscription* subscription : waited_for_) {
    bool attached = subscription->ready();
    if (attached && is_over(*subscription->attachment_)) subscription->detach(), attached = subscription->ready();
    if (!attached) continue;
    Attachment& a = *subscription->attachment_;
    if (slept) flush_after_suspend(a);
    if (newer_in(a)) return Look::kNews;
    attached_.push_back(&a);
  }
  all_attached_ = attached_.size() == waited_for_.size();
  return Look::kNothing;
}

// First all announcements, then a second look at all: what came in between rang no bell.
WaitSet::Look WaitSet::announce_all() {
  watches_.clear();
  for (Attachment* attachment : attached_) watches_.push_back(announce(*attachment));
  const bool news = std::any_of(attached_.begin(), attached_.end(), [](const Attachment* a) { return has_news(*a); });
  return news ? Look::kAgain : Look::kNothing;
}

bool WaitSet::wait(Nanoseconds timeout) {
  Nanoseconds spin{0};
  for (const Subscription* subscription : waited_for_) spin = std::max(spin, subscription->policy_.longest_spin());
  const std::uint64_t start = monotonic_ns(), deadline = after(start, timeout);
  const std::uint64_t spin_until = std::min(deadline, after(start, spin));
  for (bool slept = false;; slept = true) {
    if (look(slept) == Look::kNews) return true;
    const std::uint64_t now = monotonic_ns();
    if (now >= deadline) return false;
    const Nanoseconds most = all_attached_ ? kLookUpEvery : Nanoseconds(kAttemptEveryNs);
    const Nanoseconds nap = std::min(most, Nanoseconds(deadline - now));
    if (now < spin_until && !attached_.empty())
      spin_for_news(attached_, std::min(spin_until, after(now, nap)));
    else if (announce_all() == Look::kNothing)
      futex_wait_any(watches_, nap);
  }
}

}  // namespace vedette::bus
