// Any payload and lease files of a log: a reader and a looker-on refuse them or get along with them, before and while they
// change; a writer takes them over or makes new ones, and then the log is sound.
#include <optional>
#include <vector>

#include "bus/inspect.h"
#include "support/fuzz_bus.h"

using namespace vedette;
using test::FuzzBus;

namespace {

void look_at(const FuzzBus& topic) {
  const auto report = bus::inspect(topic.dir(), topic.topic());
  VD_ASSERT(report.ok() || !report.error().text.empty(), "a refusal without a sentence");
  if (report.ok()) VD_ASSERT(report->readers.size() <= 256, "more readers than an entry each");
  const auto glimpse = bus::glimpse(topic.dir(), topic.topic(), 4096);
  if (glimpse.ok()) VD_ASSERT(glimpse->bytes.size() <= 4096, "a glimpse of more than asked for");
}

// Takes, seeks and waits as the input says, with changes of the files in between.
void use(const FuzzBus& topic, bus::LogReader& reader, test::FuzzInput& input) {
  std::vector<std::byte> out;
  for (int step = 0; step < 64 && !input.empty(); ++step) {
    switch (input.number<std::uint8_t>() % 7) {
      case 0:
      case 1:
        if (reader.take_next(out)) (void)test::sum_of(out);
        VD_ASSERT(out.size() <= reader.max_record_bytes(), "a record longer than the longest");
        break;
      case 2:
        reader.seek(static_cast<bus::LogFrom>(input.number<std::uint8_t>() % 3));
        break;
      case 3:
        (void)reader.seek_time(input.number<std::uint64_t>());
        break;
      case 4:
        (void)reader.seek_frame(input.number<std::uint8_t>());
        break;
      case 5:
        topic.damage(input);
        break;
      case 6:
        (void)reader.wait(Nanoseconds::zero());
        (void)reader.span();
        break;
    }
  }
}

void expect_a_sound_log(const FuzzBus& topic, bus::LogWriter& writer) {
  auto reader = bus::LogReader::attach(topic.dir(), topic.topic(), FuzzBus::kSchema, {}, bus::LogFrom::kNext);
  VD_ASSERT(reader.ok(), "a reader is kept out of a log that a writer has opened");
  std::vector<std::byte> out;
  for (std::uint64_t id = 1; id <= 40; ++id) {
    VD_ASSERT(FuzzBus::append(writer, id), "no room for a record");
    const bus::LogTaken taken = reader->take_next(out);
    VD_ASSERT(taken && taken.stamp.frame_id == id && taken.missed == 0, "not the record appended");
    VD_ASSERT(out.size() == 8 * (id % 20) + 8 && std::memcmp(out.data() + out.size() - 8, &id, sizeof id) == 0, "not its bytes");
    VD_ASSERT(reader->wait(Nanoseconds::zero()) == bus::Wait::kTimeout, "something new where there is nothing");
  }
  VD_ASSERT(writer.span().records <= 16 && writer.span().bytes <= 4096, "more than a log holds");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzBus topic(bus::TopicKind::kLog);
  topic.restore();
  test::FuzzInput input(data, size);
  for (unsigned left = input.number<std::uint8_t>() % 8; left > 0; --left) topic.damage(input);
  look_at(topic);
  auto reader = bus::LogReader::attach(topic.dir(), topic.topic(), FuzzBus::kSchema, {},
                                       static_cast<bus::LogFrom>(input.number<std::uint8_t>() % 3));
  if (reader.ok()) {
    VD_ASSERT(reader->metadata().size() <= 4000 && reader->max_record_bytes() <= 2048, "numbers beyond their limits");
    use(topic, *reader, input);
    look_at(topic);
  } else {
    VD_ASSERT(reader.error().text.find("frames") != std::string::npos, "a refusal that doesn't say of what");
  }
  auto writer = bus::LogWriter::open(topic.dir(), topic.topic(), FuzzBus::log_options());
  VD_ASSERT(writer.ok(), "a writer is kept out by its own files");
  expect_a_sound_log(topic, *writer);
  return 0;
}
