// Any payload and lease files: a reader and a looker-on refuse them or get along with them, before and while they change.
#include <vector>

#include "bus/inspect.h"
#include "support/fuzz_bus.h"

using namespace vedette;
using test::FuzzBus;

namespace {

void look_at(const FuzzBus& topic) {
  const auto report = bus::inspect(topic.dir(), topic.topic());
  VD_ASSERT(report.ok() || !report.error().text.empty(), "a refusal without a sentence");
  if (report.ok())
    VD_ASSERT(report->readers.size() <= 256 && report->held_slots() <= 256 * 16, "more readers than an entry each");
  const auto glimpse = bus::glimpse(topic.dir(), topic.topic(), 4096);
  if (glimpse.ok()) VD_ASSERT(glimpse->bytes.size() <= 4096, "a glimpse of more than asked for");
}

// Takes, seeks and waits as the input says, with changes of the files in between.
void use(const FuzzBus& topic, bus::RingReader& reader, test::FuzzInput& input) {
  std::vector<bus::Lease> held;
  const auto keep = [&](bus::Lease lease) {
    VD_ASSERT(lease.bytes().size() <= reader.slot_bytes(), "a record longer than a slot");
    (void)test::sum_of(lease.bytes());
    if (lease) held.push_back(std::move(lease));
  };
  for (int step = 0; step < 64 && !input.empty(); ++step) {
    switch (input.number<std::uint8_t>() % 7) {
      case 0:
        keep(reader.take_newest().lease);
        break;
      case 1:
        keep(reader.take_next().lease);
        break;
      case 2:
        keep(reader.find(input.number<std::uint64_t>()).lease);
        break;
      case 3:
        (void)reader.wait(Nanoseconds::zero());
        break;
      case 4:
        held.clear();
        break;
      case 5:
        topic.damage(input);
        break;
      case 6:
        (void)reader.stats();
        reader.set_demand(bus::Demand::unpack(input.number<std::uint64_t>()));
        break;
    }
    for (const bus::Lease& lease : held) (void)test::sum_of(lease.bytes());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzBus topic;
  topic.restore();
  test::FuzzInput input(data, size);
  for (unsigned left = input.number<std::uint8_t>() % 8; left > 0; --left) topic.damage(input);
  look_at(topic);
  auto reader =
      bus::RingReader::attach(topic.dir(), topic.topic(), input.number<std::uint8_t>() % 4 ? FuzzBus::kSchema : bus::kAnySchema);
  if (!reader.ok()) {
    VD_ASSERT(reader.error().text.find("frames") != std::string::npos, "a refusal that doesn't say of what");
    return 0;
  }
  VD_ASSERT(reader->metadata().size() <= 4000 && reader->held_per_reader() <= 16, "numbers beyond their limits");
  use(topic, *reader, input);
  look_at(topic);
  return 0;
}
