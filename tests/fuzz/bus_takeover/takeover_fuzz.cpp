// Any files where a writer opens its topic: it takes them over or makes new ones, and then everything works: every slot can be
// lent, and a new reader gets what is published.
#include <vector>

#include "support/fuzz_bus.h"

using namespace vedette;
using test::FuzzBus;

namespace {

void expect_a_sound_topic(const FuzzBus& topic, bus::RingWriter& writer) {
  (void)writer.demand();
  (void)writer.wait_demand(Nanoseconds::zero());
  std::vector<bus::Loan> out;
  while (auto loan = writer.loan()) {
    std::memset(loan->bytes().data(), 0xee, loan->bytes().size());
    out.push_back(std::move(*loan));
  }
  // Hazards that nobody's lock backs are swept when slots run short.
  VD_ASSERT(out.size() == FuzzBus::options().slots() - FuzzBus::options().keep || out.size() == FuzzBus::options().slots(),
            "slots are lost");
  out.clear();
  auto reader = bus::RingReader::attach(topic.dir(), topic.topic(), FuzzBus::kSchema);
  VD_ASSERT(reader.ok(), "nobody can attach");
  VD_ASSERT(reader->metadata() == FuzzBus::options().metadata, "other metadata than the writer's");
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t id = writer.next_frame_id();
    VD_ASSERT(FuzzBus::publish(writer, id), "no slot for a record");
    const bus::Taken taken = i % 2 == 0 ? reader->take_newest() : reader->take_next();
    VD_ASSERT(taken && taken.lease.frame_id() == id && taken.lease.bytes().size() == sizeof id, "not the record published");
    VD_ASSERT(std::memcmp(taken.lease.bytes().data(), &id, sizeof id) == 0, "not its bytes");
    VD_ASSERT(reader->wait(Nanoseconds::zero()) == bus::Wait::kTimeout, "something new where there is nothing");
  }
  VD_ASSERT(reader->take_newest().status == bus::Take::kNothing, "a record nobody published");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzBus topic;
  topic.restore();
  test::FuzzInput input(data, size);
  while (!input.empty()) topic.damage(input);
  auto writer = bus::RingWriter::open(topic.dir(), topic.topic(), FuzzBus::options());
  VD_ASSERT(writer.ok(), "a writer is kept out by its own files");
  expect_a_sound_topic(topic, *writer);
  return 0;
}
