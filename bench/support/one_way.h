// One-way latency between two processes: median of (the reader's stamp once it holds the message − the writer's stamp right
// before it hands it over). The same loop drives every contestant; a contestant brings two small classes:
//   Writer: std::span<std::byte> loan(std::size_t bytes)   where the message is to be written: a slot, a chunk, its own buffer
//           void publish()                                 hands over what loan() gave
//   Reader: std::span<const std::byte> take()              one poll, or blocks up to 100 ms; empty: nothing came
//           void release()                                 done with what take() gave
// The next message is sent only after the last has arrived, so nothing queues. Readers check sequence and the last bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "bench/support/processes.h"

namespace vedette::bench {

// The first bytes of every message. The sequence also stands in its last eight bytes.
struct Message {
  std::uint64_t stamp;
  std::uint64_t sequence;
};

struct OneWay {
  std::size_t bytes = 64;
  std::uint64_t pause_ns = 2'000;  // between the arrival of one message and the next
  bool copy_is_timed = false;      // the stamp is taken before loan(), the message is copied in after it
  const char* unit = "ns";
  std::uint64_t duration_ns = 300'000'000;
};
inline constexpr OneWay kSpin64{.bytes = 64};
inline constexpr OneWay kBlock64{.bytes = 64, .pause_ns = 1'000'000, .unit = "us"};
inline constexpr OneWay kFrame1080p{.bytes = 1920 * 1080 * 3, .pause_ns = 200'000, .copy_is_timed = true, .unit = "us"};
inline constexpr OneWay kVehicle{.bytes = 800 * 600 * 3, .pause_ns = 200'000, .unit = "us"};

inline constexpr std::size_t kMaxSamples = 1 << 18;
inline constexpr std::size_t kEnoughSamples = 50;
struct Samples {
  std::atomic<std::uint64_t> count;
  std::atomic<std::uint64_t> torn;
  std::uint64_t ticks[kMaxSamples];
};

template <typename Reader>
void record_arrivals(Reader& reader, Board& board, Seat& seat, Samples& samples) {
  std::uint64_t count = 0;
  seat.ready = 1;
  while (board.stop.load(std::memory_order_relaxed) == 0) {
    const std::span<const std::byte> payload = reader.take();
    if (payload.empty()) continue;
    const std::uint64_t arrived = stamp();
    Message message{};
    std::uint64_t last = 0;
    std::memcpy(&message, payload.data(), sizeof message);
    std::memcpy(&last, payload.data() + payload.size() - sizeof last, sizeof last);
    reader.release();
    if (last != message.sequence) samples.torn.fetch_add(1);
    if (count < kMaxSamples) samples.ticks[count++] = arrived > message.stamp ? arrived - message.stamp : 0;
    samples.count.store(count, std::memory_order_relaxed);
    seat.received.store(message.sequence, std::memory_order_release);
  }
}

template <typename Writer>
void send_one(Writer& writer, const OneWay& plan, std::vector<std::byte>& source, std::uint64_t sequence) {
  Message message{0, sequence};
  std::memcpy(source.data() + source.size() - sizeof sequence, &sequence, sizeof sequence);
  if (plan.copy_is_timed) {
    message.stamp = stamp();
    std::memcpy(source.data(), &message, sizeof message);
    std::memcpy(writer.loan(plan.bytes).data(), source.data(), source.size());
  } else {
    std::byte* target = writer.loan(plan.bytes).data();
    std::memcpy(target, source.data(), source.size());
    message.stamp = stamp();
    std::memcpy(target, &message, sizeof message);
  }
  writer.publish();
}

// make_writer() and make_reader() return what the contestant opened, by pointer; the reader is made in its own process.
template <typename MakeWriter, typename MakeReader>
Value one_way(const OneWay& plan, MakeWriter make_writer, MakeReader make_reader) {
  auto& samples = *new (shared_memory(sizeof(Samples))) Samples;
  Readers readers(1, [&](Board& board, Seat& seat) {
    auto reader = make_reader();
    record_arrivals(*reader, board, seat, samples);
  });
  auto writer = make_writer();
  readers.let_attach();

  std::vector<std::byte> source(plan.bytes, std::byte{0x5a});
  const std::uint64_t began = clock_ns();
  std::uint64_t sequence = 0, lost = 0, warm_up = 0;
  // A busy machine or a slow transport gets more time, so that there are enough samples.
  const auto goes_on = [&] {
    const std::uint64_t elapsed = clock_ns() - began;
    if (samples.count >= kMaxSamples) return false;
    return elapsed < plan.duration_ns || (samples.count < warm_up + kEnoughSamples && elapsed < 20 * plan.duration_ns);
  };
  while (goes_on()) {
    send_one(*writer, plan, source, ++sequence);
    if (!readers.await(sequence, 1'000'000'000)) ++lost;
    spin_for_ns(plan.pause_ns);
    if (clock_ns() - began < plan.duration_ns / 5) warm_up = samples.count;
  }
  const std::size_t count = samples.count;
  readers.stop();
  if (samples.torn != 0) fail(std::to_string(samples.torn) + " of " + std::to_string(count) + " messages were torn");
  if (lost * 20 > sequence) fail(std::to_string(lost) + " of " + std::to_string(sequence) + " messages did not arrive");
  if (count < warm_up + 10) fail("only " + std::to_string(count - warm_up) + " messages in a round: too few for a median");
  return from_ticks(median(std::span(samples.ticks).subspan(warm_up, count - warm_up)), plan.unit);
}

}  // namespace vedette::bench
