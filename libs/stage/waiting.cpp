#include "stage/waiting.h"

#include "base/cpu.h"

namespace vedette::stage {

Result<> settle(const std::string& name, std::optional<std::uint32_t> cpu, const bus::WaitPolicy& policy,
                std::span<bus::Subscriber* const> subscribers) {
  if (cpu)
    if (auto pinned = pin_thread(*cpu); !pinned) return std::move(pinned).error().in(name + ".cpu");
  if (auto allowed = bus::check(policy); !allowed) return std::move(allowed).error().in(name + ".wait");
  for (bus::Subscriber* subscriber : subscribers) VD_TRY(subscriber->set_wait_policy(policy));
  return {};
}

}  // namespace vedette::stage
