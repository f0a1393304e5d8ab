// What readers of rings and of logs do alike.
#include <algorithm>

#include "bus_c/bus_state.h"

namespace vedette::c {
namespace {

// A reader that can't attach learns why after so long, however long it waits.
constexpr Nanoseconds kLookAtErrorsEvery = std::chrono::seconds(1);

}  // namespace

const std::optional<Error>& trouble_of(const bus::Subscription& subscription) {
  static const std::optional<Error> none;
  return subscription.attached() ? none : subscription.error();
}

vd_status nothing_in(const bus::Subscription& subscription, vd_status ordinary) {
  const std::optional<Error>& trouble = trouble_of(subscription);
  return trouble ? fail(*trouble) : ordinary;
}

vd_status wait(std::span<bus::Subscription* const> subscriptions, std::int64_t timeout_ns) {
  const Nanoseconds timeout = timeout_of(timeout_ns);
  const std::uint64_t start = monotonic_ns();
  for (;;) {
    const Nanoseconds left = timeout - Nanoseconds(age_ns(start));
    if (bus::wait_any(subscriptions, std::min(left, kLookAtErrorsEvery))) return VD_OK;
    for (const bus::Subscription* subscription : subscriptions)
      if (const auto& trouble = trouble_of(*subscription)) return fail(*trouble);
    if (left <= kLookAtErrorsEvery) return VD_TIMEOUT;
  }
}

vd_status set_wait(bus::Subscription& subscription, std::uint32_t policy, std::int64_t spin_ns, const char* function) {
  if (policy > VD_WAIT_HYBRID)
    return fail(VD_INVALID_ARGUMENT, std::string(function) + ": expected VD_WAIT_BLOCK, VD_WAIT_SPIN or VD_WAIT_HYBRID");
  const bus::WaitPolicy policies[] = {bus::WaitPolicy::blocking(), bus::WaitPolicy::spinning(),
                                      bus::WaitPolicy::hybrid(Nanoseconds(spin_ns))};
  return status_of(subscription.set_wait_policy(policies[policy]));
}

vd_status read_demand(const vd_demand* demand, const char* function, bus::Subscription& of) {
  if (demand == nullptr) return fail(VD_INVALID_ARGUMENT, std::string(function) + ": demand is NULL");
  const auto wanted = from_c(*demand);
  if (!wanted.ok()) return fail(wanted.error());
  of.set_demand(*wanted);
  return VD_OK;
}

vd_status stats_of(bus::Subscription& subscription, vd_stats* stats) {
  if (stats == nullptr) return fail(VD_INVALID_ARGUMENT, "there is no place for the stats (stats is NULL)");
  const auto found = subscription.stats();
  *stats = found ? to_c(*found) : vd_stats{};
  if (found) return VD_OK;
  return nothing_in(subscription, fail(VD_NOT_FOUND, subscription.topic().text() + ": there is no such topic yet"));
}

}  // namespace vedette::c
