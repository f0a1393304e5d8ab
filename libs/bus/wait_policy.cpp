#include "bus/wait_policy.h"

#include <charconv>
#include <cstdio>

#include "base/cpu.h"

namespace vedette::bus {
namespace {

constexpr std::string_view kInstead = "; or choose block or hybrid(50us)";

Error refused(const std::string& why) { return Error{ErrorCode::kInvalidArgument, "spin: " + why + std::string(kInstead)}; }

// "50us", "2ms"; zero for anything else.
Nanoseconds parse_spin(std::string_view text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number < 1 || number > 100'000) return Nanoseconds::zero();
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit == "us") return std::chrono::microseconds(number);
  if (unit == "ms") return std::chrono::milliseconds(number);
  return Nanoseconds::zero();
}

bool in_range(Nanoseconds spin) { return spin >= WaitPolicy::kLeastSpin && spin <= WaitPolicy::kMostSpin; }

}  // namespace

Result<WaitPolicy> WaitPolicy::parse(std::string_view text) {
  constexpr std::string_view kHead = "hybrid(", kTail = ")";
  if (text == "block") return blocking();
  if (text == "spin") return spinning();
  if (text.starts_with(kHead) && text.ends_with(kTail)) {
    const Nanoseconds spin = parse_spin(text.substr(kHead.size(), text.size() - kHead.size() - kTail.size()));
    if (in_range(spin)) return hybrid(spin);
  }
  return Error{ErrorCode::kInvalidArgument, "\"" + std::string(text) + "\"; expected " + std::string(kExpected)};
}

std::string WaitPolicy::text() const {
  if (kind == Kind::kBlock) return "block";
  if (kind == Kind::kSpin) return "spin";
  const long long us = std::chrono::duration_cast<std::chrono::microseconds>(spin).count();
  return us % 1000 == 0 ? "hybrid(" + std::to_string(us / 1000) + "ms)" : "hybrid(" + std::to_string(us) + "us)";
}

Result<> may_spin() {
  const auto allowed = allowed_cpus();
  const auto online = online_cpus();
  if (online.size() < 2) return refused("this machine has one core, which the writer needs too");
  if (allowed.size() != 1)
    return refused("needs a core of its own, but this thread may run on cpus " + text_of(allowed) +
                   "; pin it to one that nothing else uses (key cpu of the stage, taskset -c N, pthread_setaffinity_np)");
  if (const double quota = cpu_quota(); quota < 1.0) {
    char cores[32];
    std::snprintf(cores, sizeof cores, "%.2f", quota);
    return refused("needs a whole core, but the cgroup's quota is " + std::string(cores) +
                   " cores, so that it would be stopped for the rest of each period; raise cpu.max (CPU limit of the container)");
  }
  return {};
}

Result<> check(const WaitPolicy& policy) {
  if (policy.kind == WaitPolicy::Kind::kSpin) return may_spin();
  if (policy.kind == WaitPolicy::Kind::kHybrid && !in_range(policy.spin))
    return Error{ErrorCode::kInvalidArgument, "\"" + policy.text() + "\"; expected " + std::string(WaitPolicy::kExpected)};
  return {};
}

}  // namespace vedette::bus
