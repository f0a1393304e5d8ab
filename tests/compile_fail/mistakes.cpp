// Compiled once as it is (it must compile) and once with each mistake (it must not): tests/compile_fail/CMakeLists.txt.
#include "bus/ring.h"

using namespace vedette;

void use(bus::RingWriter& writer, bus::Loan loan, const bus::Lease& lease, std::byte& out) {
#if defined(MISTAKE_DROPPED_RESULT)
  writer.resize({});
#else
  if (!writer.resize({}).ok()) return;
#endif

#if defined(MISTAKE_WRITE_TO_LEASE)
  lease.bytes()[0] = std::byte{1};
#else
  out = lease.bytes()[0];
#endif

#if defined(MISTAKE_PUBLISH_LVALUE)
  writer.publish(loan, 1, 8);
#else
  writer.publish(std::move(loan), 1, 8);
#endif
}

void copies(const bus::Lease& lease, const bus::Loan& loan) {
#if defined(MISTAKE_COPIED_LEASE)
  const bus::Lease copy = lease;
#elif defined(MISTAKE_COPIED_LOAN)
  const bus::Loan copy = loan;
#endif
  (void)lease, (void)loan;
}

#if defined(MISTAKE_DROPPED_ERROR)
void drop() { errno_error("nobody looks"); }
#endif
