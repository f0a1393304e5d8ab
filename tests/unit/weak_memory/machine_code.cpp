// The bus's templates as functions of their own, for machine_code: it looks at the instructions they become on ARM.
#include "bus/doorbell.h"
#include "bus/handshake.h"
#include "bus/log_protocol.h"

namespace vedette::bus {

std::uint64_t code_pin(std::atomic<std::uint32_t>& hazard, const Descriptor& descriptor) { return pin(hazard, descriptor, 7); }
void code_unpin(std::atomic<std::uint32_t>& hazard) { unpin(hazard); }
bool code_claim(Descriptor& descriptor, const Hazards& hazards) { return claim(descriptor, 7, hazards); }
void code_publish(Descriptor& descriptor) { publish_slot(descriptor, 1, 2, 3); }
bool code_announce(Header& header, LeaseHeader& leases) {
  return announce_record(header.head, header.doorbell, leases.waiters, 1);
}
std::uint32_t code_watch(const Header& header, LeaseHeader& leases) { return announce_waiter(header.doorbell, leases.waiters); }
void code_room(const LogWords<std::byte>& log, LogEnds& ends) { make_room(log, ends, 100); }
bool code_there(const LogWords<const std::byte>& log) { return still_there(log, 7); }

}  // namespace vedette::bus
