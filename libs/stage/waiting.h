// What a thread that waits on topics does first: it goes to its core, then tells its subscribers how to wait. Which stages have
// the keys `wait` and `cpu`: detect and control for their one thread, the gateway for the thread of each camera. capture waits
// for its camera, the supervisor for its children: they have none.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "bus/ring.h"

namespace vedette::stage {

// For the calling thread and those it starts later. `name`: of the stage; the Error begins with it and says what to do.
Result<> settle(const std::string& name, std::optional<std::uint32_t> cpu, const bus::WaitPolicy& policy,
                std::span<bus::Subscriber* const> subscribers);

}  // namespace vedette::stage
