#include "soak/players.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "bus/attachment.h"

namespace vedette::soak {
namespace {

constexpr std::uint64_t kSchema = 0x50a4;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kStampBytes = 32;

using Random = std::minstd_rand;

// Every page carries the record's id, its length and a sum over both, at its begin and at its end; between them a pattern of its
// own. A page of another record, half of one, or one that changes under its reader can't pass.
std::uint64_t mixed(std::uint64_t id, std::uint64_t bytes, std::uint64_t word) {
  std::uint64_t x = (id * 0x9e37'79b9'7f4a'7c15ull) ^ (bytes << 40) ^ (word * 0xd6e8'feb8'6659'fd93ull);
  return x ^ x >> 29;
}

void stamp(std::span<std::byte> bytes, std::uint64_t id) {
  auto* words = reinterpret_cast<std::uint64_t*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size() / 8; ++i) words[i] = mixed(id, bytes.size(), i);
}

bool is_whole(std::span<const std::byte> bytes, std::uint64_t id) {
  const auto* words = reinterpret_cast<const volatile std::uint64_t*>(bytes.data());
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < bytes.size() / 8; ++i) wrong |= words[i] ^ mixed(id, bytes.size(), i);
  return wrong == 0 && bytes.size() >= kStampBytes;
}

void refuse(Report& report, const Error& error) {
  std::strncpy(report.refusal.data(), error.text.c_str(), report.refusal.size() - 1);
  ++report.refused;
}

bool chance(Random& random, unsigned one_in) { return random() % one_in == 0; }

// One writer's life in its topic: until `left` records are out or somebody stops the soak.
class Publisher {
 public:
  Publisher(bus::RingWriter& writer, std::size_t topic, Random& random, Report& report)
      : writer_(writer), topic_(topic), random_(random), report_(report) {}

  void publish() {
    auto loan = writer_.loan();
    if (!loan) {
      writer_.count_drop();
      ++report_.no_slot;
      return;
    }
    if (chance(random_, 32)) {  // changed its mind in the middle
      stamp(loan->bytes().first(loan->bytes().size() / 16 * 8), random_());
      return;
    }
    const std::size_t most = loan->bytes().size();
    const std::size_t bytes = std::max(kStampBytes, std::size_t{random_()} % most) / 8 * 8;
    const std::uint64_t id = writer_.next_frame_id();
    stamp(loan->bytes().first(bytes), id);
    if (held_ && !is_whole(held_->bytes().first(held_bytes_), held_id_)) ++report_.torn;
    held_.reset();
    if (chance(random_, 4)) {
      held_.emplace(writer_.publish_held(std::move(*loan), id, bytes));
      held_bytes_ = bytes, held_id_ = id;
    } else {
      writer_.publish(std::move(*loan), id, bytes);
    }
    ++report_.published[topic_];
  }

 private:
  bus::RingWriter& writer_;
  std::size_t topic_;
  Random& random_;
  Report& report_;
  std::optional<bus::Held> held_;  // as a decoder does with its reference frame
  std::size_t held_bytes_ = 0;
  std::uint64_t held_id_ = 0;
};

enum class Habit { kFast, kPolls, kSlow, kHolds, kOrdered, kSeeks, kBothTopics, kOrderedHolds };

class Reader {
 public:
  Reader(const bus::BusDir& dir, Habit habit, std::size_t topic, std::size_t player, Random& random, Report& report)
      : habit_(habit),
        own_(dir, name_of(topic), kSchema, bus::Demand::every_pixel()),
        other_(dir, name_of(1 - topic), kSchema),
        player_(player),
        random_(random),
        report_(report) {}

  void turn() {
    wait();
    bus::Lease lease = take(own_);
    if (lease) receive(std::move(lease), last_id_);
    if (habit_ == Habit::kBothTopics)
      if (bus::Taken taken = other_.take_newest()) receive(std::move(taken.lease), other_last_id_);
    for (const bus::Subscriber* subscriber : {&own_, &other_})
      if (subscriber->error()) refuse(report_, *subscriber->error()), ::usleep(1000);
  }

 private:
  void wait() {
    bus::Subscriber* const both[] = {&own_, &other_};
    if (habit_ == Habit::kBothTopics)
      (void)bus::wait_any(both, std::chrono::milliseconds(100));
    else if (habit_ == Habit::kPolls)
      ::usleep(100);
    else
      own_.wait(std::chrono::milliseconds(100));
  }
  bus::Lease take(bus::Subscriber& from) {
    // A share used up is no failure: let go of the oldest and come again.
    if (held_.size() >= 2) release_oldest();
    if (habit_ == Habit::kSeeks && last_id_ != 0)
      if (bus::Found found = from.find(last_id_ + 1)) return std::move(found.lease);
    if (habit_ == Habit::kOrdered || habit_ == Habit::kOrderedHolds) return from.take_next().lease;
    return from.take_newest().lease;
  }
  void receive(bus::Lease lease, std::uint64_t& last_id) {
    const std::uint64_t id = lease.frame_id();
    if (id <= last_id && habit_ != Habit::kSeeks) ++report_.disordered;  // what is found isn't counted as taken
    last_id = id;
    const bool whole = is_whole(lease.bytes(), id);
    if (habit_ == Habit::kSlow || chance(random_, 16)) ::usleep(static_cast<useconds_t>(random_() % 10'000));
    if (!whole || !is_whole(lease.bytes(), id)) ++report_.torn;
    ++report_.checked;
    ++report_.progress[player_];
    const bool holds = habit_ == Habit::kHolds || habit_ == Habit::kOrderedHolds;
    if (holds) held_.push_back(std::move(lease));
    if (holds && chance(random_, 8)) ::usleep(static_cast<useconds_t>(random_() % 50'000));
  }
  void release_oldest() {
    if (!is_whole(held_.front().bytes(), held_.front().frame_id())) ++report_.torn;
    held_.pop_front();
  }

  Habit habit_;
  bus::Subscriber own_, other_;
  std::size_t player_;
  Random& random_;
  Report& report_;
  std::uint64_t last_id_ = 0, other_last_id_ = 0;
  std::deque<bus::Lease> held_;
};

}  // namespace

bus::TopicName name_of(std::size_t topic) {
  return std::move(bus::TopicName::make("cam0", topic == 0 ? "frames" : "notes")).value();
}

bus::RingOptions options_of(std::size_t topic, unsigned size) {
  bus::RingOptions options{
      .schema_id = kSchema, .keep = 1, .writer_slots = 2, .readers = kReaders + 2, .held_per_reader = 3, .metadata = "soak"};
  if (topic == 0) {
    options.slot_bytes = kPage * (std::size_t{16} << size % 3);
  } else {
    options.slot_bytes = std::size_t{512} << size % 3;
    options.keep = 64;
    options.policy = bus::SlotPolicy::kOldestFirst;
  }
  return options;
}

int write_topic(const bus::BusDir& dir, std::size_t topic, std::size_t player, unsigned seed, Report& report) {
  Random random(seed);
  while (!report.stop) {
    ++report.progress[player];
    // Now and then another size than the predecessor's: then its files are replaced, else taken over.
    auto writer = bus::RingWriter::open(dir, name_of(topic), options_of(topic, chance(random, 4) ? 1 : 0));
    if (!writer.ok()) {
      if (writer.error().code != ErrorCode::kBusy) refuse(report, writer.error());
      ::usleep(static_cast<useconds_t>(random() % 10'000));
      continue;
    }
    report.takeovers += writer->took_over() ? 1 : 0;
    Publisher publisher(*writer, topic, random, report);
    for (auto left = random() % 2000; left > 0 && !report.stop; --left) {
      publisher.publish();
      ++report.progress[player];
      writer->beat();
      (void)writer->demand();
      if (chance(random, 1000)) {
        const Result<> resized = writer->resize(options_of(topic, static_cast<unsigned>(random())));
        resized.ok() ? void(++report.resizes) : refuse(report, resized.error());
      }
      ::usleep(static_cast<useconds_t>(random() % 600));
    }
    // A new topic's ids begin with the second of its begin: not in the same second again, or they would repeat.
    if (!chance(random, 4) || writer->next_frame_id() >> 20 >= wall_ns() / 1'000'000'000) continue;
    writer->remove();
    ++report.removals;
  }
  return 0;
}

int read_topics(const bus::BusDir& dir, std::size_t player, unsigned seed, Report& report) {
  Random random(seed);
  const std::size_t reader = player - kWriters;
  const auto habit = static_cast<Habit>(reader % 8);
  const bool wants_history = habit == Habit::kOrdered || habit == Habit::kSeeks || habit == Habit::kOrderedHolds;
  Reader it(dir, habit, wants_history ? 1 : 0, player, random, report);
  while (!report.stop) it.turn();
  return 0;
}

int read_without_recheck(const bus::BusDir& dir, std::size_t player, unsigned seed, Report& report) {
  Random random(seed);
  while (!report.stop) {
    auto attached = bus::Attachment::attach(dir, name_of(0), kSchema, {});
    while (attached.ok() && !report.stop && !(*attached)->replaced()) {
      bus::Attachment& a = **attached;
      const std::uint32_t slot = bus::head_slot(a.header().head.load());
      const std::uint64_t generation = a.descriptor(slot).generation.load();
      if (bus::being_written(generation) || generation == 0) continue;
      ::usleep(static_cast<useconds_t>(random() % 2000));  // pin()'s most delicate place
      a.hazard(0).store(slot + 1, std::memory_order_seq_cst);
      const std::uint64_t id = a.descriptor(slot).frame_id.load();
      const auto bytes = a.slot_bytes(slot, a.descriptor(slot).bytes.load());
      if (!is_whole(bytes, id)) ++report.torn;
      ++report.checked;
      ++report.progress[player];
      bus::unpin(a.hazard(0));
    }
  }
  return 0;
}

}  // namespace vedette::soak
