// What the hardware and the kernel charge, with nothing of anybody's on top: a cache line handed from core to core, a futex
// wake, a wake of sixteen, a POSIX message queue, one locked read-modify-write. The floor that everybody stands on.
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sys/syscall.h>

#include <memory>

#include "bench/support/one_process.h"
#include "bench/support/one_way.h"

namespace {

using namespace vedette::bench;

// One message of 64 bytes in a line of its own and the word that announces it, in one cache line: the least that can travel.
struct alignas(64) Line {
  std::atomic<std::uint64_t> stamp;
  std::atomic<std::uint64_t> sequence;
  alignas(64) std::atomic<std::uint32_t> doorbell;
};

void wake(std::atomic<std::uint32_t>& word, int count) { ::syscall(SYS_futex, &word, FUTEX_WAKE, count, nullptr, nullptr, 0); }
void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  const timespec timeout{0, 100'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &timeout, nullptr, 0);
}

Line& new_line() { return *new (shared_memory(sizeof(Line))) Line; }

class LineWriter {
 public:
  explicit LineWriter(Line& line, bool futex) : line_(line), futex_(futex) {}
  std::span<std::byte> loan(std::size_t bytes) { return std::span(buffer_).first(bytes); }
  void publish() {
    Message message{};
    std::memcpy(&message, buffer_, sizeof message);
    line_.stamp.store(message.stamp, std::memory_order_relaxed);
    line_.sequence.store(message.sequence, std::memory_order_release);
    if (!futex_) return;
    line_.doorbell.fetch_add(1);
    wake(line_.doorbell, 1);
  }

 private:
  Line& line_;
  bool futex_;
  alignas(64) std::byte buffer_[64] = {};
};

class LineReader {
 public:
  explicit LineReader(Line& line, bool futex) : line_(line), futex_(futex) {}
  std::span<const std::byte> take() {
    const std::uint32_t doorbell = line_.doorbell.load(std::memory_order_acquire);
    std::uint64_t sequence = line_.sequence.load(std::memory_order_acquire);
    if (sequence == seen_ && futex_) {
      sleep_while(line_.doorbell, doorbell);
      sequence = line_.sequence.load(std::memory_order_acquire);
    }
    if (sequence == seen_) return {};
    seen_ = sequence;
    const Message message{line_.stamp.load(std::memory_order_relaxed), sequence};
    std::memcpy(buffer_, &message, sizeof message);
    std::memcpy(buffer_ + sizeof buffer_ - sizeof sequence, &sequence, sizeof sequence);
    return buffer_;
  }
  void release() {}

 private:
  Line& line_;
  bool futex_;
  std::uint64_t seen_ = 0;
  alignas(64) std::byte buffer_[64] = {};
};

Value hand_over(const OneWay& plan, bool futex) {
  Line& line = new_line();
  return one_way(
      plan, [&] { return std::make_unique<LineWriter>(line, futex); }, [&] { return std::make_unique<LineReader>(line, futex); });
}

// The kernel's price of waking `count` processes that sleep on one word.
Value wake_blocked(int count) {
  Line& line = new_line();
  Readers readers(count, [&](Board& board, Seat& seat) {
    seat.ready = 1;
    while (board.stop == 0) {
      const std::uint32_t doorbell = line.doorbell;
      seat.received = doorbell;
      sleep_while(line.doorbell, doorbell);
    }
  });
  readers.let_attach();
  std::uint32_t rings = 0;
  return time_each(
      [&] {
        if (!readers.await(rings, 1'000'000'000)) fail("a sleeper did not wake within a second");
        spin_for_ns(500'000);  // all have gone back to sleep
      },
      [&] {
        line.doorbell.store(++rings, std::memory_order_seq_cst);
        wake(line.doorbell, INT32_MAX);
      },
      "us", 300'000'000);
}

Value locked_read_modify_write() {
  alignas(64) std::atomic<std::uint64_t> word{0};
  return time_batches([&] { keep(word.fetch_add(1)); });
}

// --queue: the message goes through a POSIX message queue.
class Queue {
 public:
  explicit Queue(const std::string& name) {
    mq_attr attributes{};
    attributes.mq_maxmsg = 10;  // the kernel's limit for everybody
    attributes.mq_msgsize = sizeof buffer_;
    queue_ = ::mq_open(name.c_str(), O_CREAT | O_RDWR, 0600, &attributes);
    if (queue_ < 0) fail("can't open a POSIX message queue");
  }
  std::span<std::byte> loan(std::size_t bytes) { return std::span(buffer_).first(bytes); }
  void publish() {
    if (::mq_send(queue_, reinterpret_cast<const char*>(buffer_), sizeof buffer_, 0) != 0) fail("mq_send failed");
  }
  std::span<const std::byte> take() {
    timespec until{};
    ::clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    if (::mq_timedreceive(queue_, reinterpret_cast<char*>(buffer_), sizeof buffer_, nullptr, &until) < 0) return {};
    return buffer_;
  }
  void release() {}

 private:
  mqd_t queue_ = -1;
  alignas(64) std::byte buffer_[64] = {};
};

Value through_queue() {
  const std::string name = "/vedette-bench-" + std::to_string(::getpid());
  const auto open = [&] { return std::make_unique<Queue>(name); };
  const Value value = one_way(kBlock64, open, open);
  ::mq_unlink(name.c_str());
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const Figure queue[] = {{"block_64", through_queue}};
  if (argc == 3 && std::string_view(argv[1]) == "--queue") return run_figure(argc, argv, queue);
  const Figure figures[] = {
      {"spin_64", [] { return hand_over(kSpin64, false); }},
      {"block_64", [] { return hand_over(kBlock64, true); }},
      {"publish_16_blocked", [] { return wake_blocked(16); }},
      {"pin", locked_read_modify_write},
  };
  return run_figure(argc, argv, figures);
}
