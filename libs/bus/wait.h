// What all waits are made of: is there news, announce oneself before sleeping, spin over heads. Internal to the bus.
// Thread-bound like the attachments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bus/attachment.h"
#include "bus/futex.h"
#include "bus/subscription.h"
#include "bus/wait_policy.h"

namespace vedette::bus {

// How soon a topic that appears is noticed. By looking, not by inotify: a thread asleep on futexes can't wait for a descriptor
// too, so that each process would need another thread, and one of the 128 inotify instances that a user has for all programs;
// 20 failed open() a second for an absent topic cost some 50 us.
inline constexpr std::uint64_t kAttemptEveryNs = 50'000'000;

// Is there something newer than what was taken last? R3 of bus/doorbell.h.
bool newer_in(const Attachment& a);
// The same, or other files have the name: a reason not to sleep.
inline bool has_news(const Attachment& a) { return newer_in(a) || a.retired(); }
// Its files are retired, and there is nothing to take from them any more: of a ring that is so at once, a log is read to its end.
inline bool is_over(const Attachment& a) { return a.retired() && (a.kind() == TopicKind::kRing || a.damaged() || !newer_in(a)); }
// Are the files gone, though nobody said so? For who has slept, or polls.
bool is_gone(Attachment& a);
// Whatever was published before the machine slept is old news, though its age on CLOCK_MONOTONIC is small. Of a ring:
// a log is history, its records say how old they are.
void flush_after_suspend(Attachment& a);

// R1 and R2 of bus/doorbell.h; has_news() again, then sleep.
FutexWatch announce(Attachment& a);

// Looks at all of them until one has news (true) or until `until_ns`. Writes nothing: no writer knows of it.
bool spin_for_news(std::span<Attachment* const> attachments, std::uint64_t until_ns);

// One wait of a reader.
Wait wait_for_news(Attachment& a, const WaitPolicy& policy, Nanoseconds timeout);

// One wait of a thread for several subscriptions; its lists are kept from wait to wait, so that waiting doesn't allocate.
class WaitSet {
 public:
  static WaitSet& of_this_thread();
  // Of one kind of subscription.
  template <class Each>
  bool wait(std::span<Each* const> subscriptions, Nanoseconds timeout) {
    waited_for_.assign(subscriptions.begin(), subscriptions.end());
    return wait(timeout);
  }

 private:
  enum class Look { kNews, kNothing, kAgain };
  bool wait(Nanoseconds timeout);
  Look look(bool slept);
  Look announce_all();
  std::vector<Subscription*> waited_for_;
  std::vector<Attachment*> attached_;
  std::vector<FutexWatch> watches_;
  bool all_attached_ = false;
};

}  // namespace vedette::bus
