// A lease file that is scribbled over, cut and lengthened while its writer publishes and readers read: nobody crashes, the writer
// has a slot or counts a drop, and if nothing was damaged no byte is wrong.
#include <array>
#include <optional>
#include <vector>

#include "support/fuzz_bus.h"

using namespace vedette;
using test::FuzzBus;

namespace {

class Players {
 public:
  explicit Players(const FuzzBus& topic)
      : topic_(topic), writer_(std::move(bus::RingWriter::open(topic.dir(), topic.topic(), FuzzBus::options())).value()) {
    for (auto& subscriber : subscribers_) subscriber.emplace(topic.dir(), topic.topic(), FuzzBus::kSchema);
  }

  void step(test::FuzzInput& input) {
    const auto what = input.number<std::uint8_t>();
    const std::size_t who = what >> 4 & 1;
    switch (what & 7) {
      case 0:
        damaged_ = true;
        return topic_.damage(input, true);
      case 1:
      case 2:
        return publish();
      case 3:
        return keep(subscribers_[who]->take_newest().lease);
      case 4:
        return keep(subscribers_[who]->take_next().lease);
      case 5:
        return held_.clear();
      case 6:
        writer_.beat();
        (void)writer_.demand();
        (void)writer_.wait_demand(Nanoseconds::zero());
        return subscribers_[who]->set_demand(bus::Demand::unpack(input.number<std::uint64_t>()));
      case 7:
        subscribers_[who].emplace(topic_.dir(), topic_.topic(), FuzzBus::kSchema);
        return;
    }
  }
  void check() const {
    for (const bus::Lease& lease : held_) {
      std::uint64_t id = 0;
      (void)test::sum_of(lease.bytes());
      if (lease.bytes().size() >= sizeof id) std::memcpy(&id, lease.bytes().data(), sizeof id);
      if (!damaged_) VD_ASSERT(id == lease.frame_id(), "a leased record changed");
    }
  }

 private:
  void publish() {
    const bool done = FuzzBus::publish(writer_, writer_.next_frame_id());
    if (!done) writer_.count_drop();
    if (!damaged_) VD_ASSERT(done, "no slot though nobody holds more than its share");
  }
  void keep(bus::Lease lease) {
    if (lease) held_.push_back(std::move(lease));
  }

  const FuzzBus& topic_;
  bus::RingWriter writer_;
  std::array<std::optional<bus::Subscriber>, 2> subscribers_;
  std::vector<bus::Lease> held_;
  bool damaged_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FuzzBus topic;
  topic.restore();
  test::FuzzInput input(data, size);
  Players players(topic);
  for (int i = 0; i < 200 && !input.empty(); ++i) {
    players.step(input);
    players.check();
  }
  return 0;
}
