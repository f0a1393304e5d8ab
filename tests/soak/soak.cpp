// soak: writers that take over from one another, readers of every habit, all of them killed, stopped and continued at random,
// topics that grow, shrink and vanish, for as long as asked. Every page of every record is checked. Counts
//   torn    records that weren't whole, changed while leased, or came out of order
//   leaked  slots, reader entries, files, descriptors that somebody dead still has at the end, and loans refused meanwhile
//   wedged  players that got nowhere for 20 s though they ran and somebody else did, and players that ended by themselves
// and exits with 1 unless all are 0. --without-recheck leaves the handshake's re-check out and must find torn records.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "soak/players.h"
#include "support/child.h"

namespace vedette::soak {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kWedgedNs = 20'000'000'000;
// A longer turn of the director means that the machine stood still: nobody is wedged for that.
constexpr std::uint64_t kLongestTurnNs = 50'000'000;
constexpr std::size_t kMostDescriptors = 64;  // of a reader with a few leases of old files

struct Options {
  std::uint64_t seconds = 60;
  unsigned seed = std::random_device{}();
  std::string json;
  bool without_recheck = false;
};

struct Player {
  test::Child child;
  std::uint64_t wakes_at_ns = 0;  // stopped until then; 0: runs
  std::uint64_t progress = 0;
  std::uint64_t stuck_ns = 0;  // so long without
};

class Soak {
 public:
  Soak(const bus::BusDir& dir, const Options& options) : dir_(dir), options_(options), random_(options.seed) {
    for (std::size_t i = 0; i < kPlayers; ++i) start(i);
  }

  void run() {
    const std::uint64_t end = monotonic_ns() + options_.seconds * 1'000'000'000;
    std::uint64_t before = monotonic_ns();
    while (monotonic_ns() < end && (!options_.without_recheck || report().torn == 0)) {
      ::usleep(static_cast<useconds_t>(random_() % 10'000));
      const std::uint64_t now = monotonic_ns();
      watch(std::min(now - before, kLongestTurnNs));
      before = now;
      disturb(now);
    }
  }

  // Half are killed, the others may end in their own time; then nobody lives, and everything must be free again.
  void end() {
    for (Player& player : players_) player.child.signal(SIGCONT);
    for (Player& player : players_)
      if (random_() % 2 == 0) player.child.end(), ++kills_;
    report().stop = true;
    const std::uint64_t deadline = monotonic_ns() + kWedgedNs;
    for (std::size_t i = 0; i < kPlayers; ++i) {
      pid_t ended = 0;
      const pid_t pid = players_[i].child.pid();
      if (pid <= 0) continue;
      while ((ended = ::waitpid(pid, nullptr, WNOHANG)) == 0 && monotonic_ns() < deadline) ::usleep(1000);
      if (ended == 0) wedge(i, "does not end");
    }
    players_ = {};
    for (std::size_t topic = 0; topic < kTopics; ++topic) count_leaks(topic);
    for (const auto& entry : fs::recursive_directory_iterator(dir_.path()))
      if (!entry.is_directory()) leak(entry.path().string() + " is left over");
  }

  bool good() {
    return report().checked > 0 && kills_ > 0 && stops_ > 0 && torn() == 0 && leaked_ + report().no_slot == 0 && wedged_ == 0 &&
           report().refused == 0;
  }
  void say() {
    Report& r = report();
    if (r.disordered != 0) std::printf("%lu of the torn ones are out of order only\n", r.disordered.load());
    if (r.refused != 0) std::printf("%lu times refused, at last: %s\n", r.refused.load(), r.refusal.data());
    const std::string text = "{\"torn\":" + std::to_string(torn()) + ",\"leaked\":" + std::to_string(leaked_ + r.no_slot) +
                             ",\"wedged\":" + std::to_string(wedged_) + ",\"seconds\":" + std::to_string(options_.seconds) +
                             ",\"frames\":" + std::to_string(r.published[0] + r.published[1]) +
                             ",\"checked\":" + std::to_string(r.checked) + ",\"kills\":" + std::to_string(kills_) +
                             ",\"stops\":" + std::to_string(stops_) + ",\"resizes\":" + std::to_string(r.resizes) +
                             ",\"takeovers\":" + std::to_string(r.takeovers) + ",\"removals\":" + std::to_string(r.removals) +
                             ",\"seed\":" + std::to_string(options_.seed) + "}";
    std::printf("%s\n", text.c_str());
    if (!options_.json.empty()) std::ofstream(options_.json) << text << "\n";
  }
  std::uint64_t torn() { return report().torn + report().disordered; }

 private:
  Report& report() { return *shared_; }
  void start(std::size_t i) {
    const auto seed = static_cast<unsigned>(random_());
    Player& player = players_[i];
    player = {};
    player.progress = report().progress[i];
    player.child = test::Child([&, i, seed] {
      if (i < kWriters) return write_topic(dir_, i % kTopics, i, seed, report());
      if (options_.without_recheck) return read_without_recheck(dir_, i, seed, report());
      return read_topics(dir_, i, seed, report());
    });
  }

  void wedge(std::size_t i, const char* what) {
    std::printf("%s %zu %s\n", i < kWriters ? "writer" : "reader", i, what);
    ++wedged_;
  }
  void leak(const std::string& what) {
    std::printf("%s\n", what.c_str());
    ++leaked_;
  }

  void watch(std::uint64_t passed_ns) {
    for (std::size_t i = 0; i < kPlayers; ++i) {
      Player& player = players_[i];
      if (::waitpid(player.child.pid(), nullptr, WNOHANG) > 0) {
        wedge(i, "ended by itself");
        start(i);
      }
      const std::uint64_t progress = report().progress[i];
      const bool excused = player.wakes_at_ns != 0 || progress != player.progress;
      player.progress = progress;
      player.stuck_ns = excused ? 0 : player.stuck_ns + passed_ns;
      if (player.stuck_ns < kWedgedNs) continue;
      wedge(i, "gets nowhere");
      player.child.end();
      start(i);
    }
  }

  void disturb(std::uint64_t now) {
    for (Player& player : players_)
      if (player.wakes_at_ns != 0 && now >= player.wakes_at_ns) player.child.signal(SIGCONT), player.wakes_at_ns = 0;
    const std::size_t i = random_() % kPlayers;
    Player& player = players_[i];
    const auto dice = random_() % 16;
    if (dice < 3) {
      count_descriptors(player.child.pid());
      player.child.end(), ++kills_;
      start(i);
    } else if (dice < 6 && player.wakes_at_ns == 0) {
      player.child.signal(SIGSTOP), ++stops_;
      // Mostly for as long as a frame takes, sometimes for longer than anybody's patience.
      player.wakes_at_ns = now + random_() % (random_() % 32 == 0 ? 3'000'000'000 : 40'000'000);
    }
  }

  void count_descriptors(pid_t pid) {
    std::error_code gone;
    std::size_t open = 0;
    for (auto it = fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone); !gone && it != fs::end(it);
         it.increment(gone))
      ++open;
    if (open > kMostDescriptors) leak("a player with " + std::to_string(open) + " open files");
  }

  void count_leaks(std::size_t topic) {
    const bus::RingOptions options = options_of(topic, 0);
    auto writer = bus::RingWriter::open(dir_, name_of(topic), options);
    if (!writer.ok()) return leak("the topic itself: " + writer.error().text);
    std::vector<bus::RingReader> readers;
    for (std::uint32_t i = 0; i < options.readers; ++i) {
      auto reader = bus::RingReader::attach(dir_, name_of(topic), options.schema_id);
      if (!reader.ok()) return leak("a reader's entry: " + reader.error().text);
      readers.push_back(std::move(reader).value());
    }
    readers.clear();
    for (std::uint32_t i = 0; i < options.keep; ++i)  // so many are kept then, whatever was there before
      if (auto loan = writer->loan()) writer->publish(std::move(*loan), writer->next_frame_id(), 8);
    std::vector<bus::Loan> out;
    while (auto loan = writer->loan()) out.push_back(std::move(*loan));
    if (out.size() != options.slots() - options.keep)
      leak(name_of(topic).text() + ": " + std::to_string(out.size()) + " of " + std::to_string(options.slots()) +
           " slots are free");
    if (writer->demand().any()) leak("a demand");
    out.clear();
    writer->remove();
  }

  const bus::BusDir& dir_;
  const Options options_;
  std::mt19937 random_;
  const SharedReport shared_;
  std::array<Player, kPlayers> players_;
  std::uint64_t kills_ = 0, stops_ = 0, leaked_ = 0, wedged_ = 0;
};

int usage() {
  std::fprintf(stderr, "usage: soak [SECONDS] [--seed N] [--json FILE] [--without-recheck]\n");
  return 64;
}

int run(const Options& options) {
  const std::string path = "/dev/shm/vedette-test-" + std::to_string(::getpid()) + "-soak";
  const auto dir = bus::BusDir::open(path);
  if (!dir.ok()) {
    std::fprintf(stderr, "soak: %s\n", dir.error().text.c_str());
    return 1;
  }
  std::printf("seed %u, %lu s\n", options.seed, static_cast<unsigned long>(options.seconds));
  std::fflush(stdout);
  Soak soak(*dir, options);
  soak.run();
  soak.end();
  soak.say();
  fs::remove_all(path);
  if (options.without_recheck) return soak.torn() > 0 ? 0 : 1;
  return soak.good() ? 0 : 1;
}

}  // namespace
}  // namespace vedette::soak

int main(int argc, char** argv) {
  vedette::soak::Options options;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--without-recheck")
      options.without_recheck = true;
    else if (arguments[i] == "--seed" && more)
      options.seed = static_cast<unsigned>(std::strtoul(arguments[++i].c_str(), nullptr, 10));
    else if (arguments[i] == "--json" && more)
      options.json = arguments[++i];
    else if (const int seconds = std::atoi(arguments[i].c_str()); seconds > 0)
      options.seconds = static_cast<std::uint64_t>(seconds);
    else
      return vedette::soak::usage();
  }
  return vedette::soak::run(options);
}
