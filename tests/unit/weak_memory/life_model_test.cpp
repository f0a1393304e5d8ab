// Death under the weak memory model: a writer that dies before any of its accesses and its successor, a reader that dies before
// any of its accesses, the writer's sweep after it and the reader that takes its entry. Mistakes in either must be found.
#include "bus_model.h"

namespace vedette::weak {
namespace {

// The first writer publishes up to `first` records and dies before any access; the successor takes over and publishes `second`.
Explored explore_take_over(std::uint32_t readers, std::uint32_t takes, int first, int second, TakeOver way = {}) {
  Bus bus(2, readers);
  std::vector<Reader> done;
  for (std::uint32_t number = 0; number < readers; ++number) done.push_back({bus, number});
  bus.program.mortal_thread(
      [&] {
        Writer writer{bus};
        for (int i = 0; i < first; ++i) (void)writer.publish(10 + writer.sequence);
        await(false);  // alive, and silent
      },
      [&] { bus.writer_lock.store(0, std::memory_order_release); });
  bus.program.thread([&] {
    await(bus.writer_lock.load(std::memory_order_acquire) == 0);
    Writer writer{bus};
    writer.take_over(way);
    for (int i = 0; i < second; ++i) (void)writer.publish(20 + writer.sequence);
  });
  for (std::uint32_t number = 0; number < readers; ++number)
    bus.program.thread([&, number, takes] {
      Reader reader{bus, number};
      for (std::uint32_t i = 0; i < takes; ++i) reader.take_newest();
      done[number].seen = reader.seen;
    });
  // Between readers too, a number names one record.
  bus.program.at_end([&] {
    std::map<std::uint64_t, std::uint64_t> all;
    for (const Reader& reader : done)
      for (const auto& [sequence, payload] : reader.seen) {
        const auto [at, fresh] = all.emplace(sequence, payload);
        expect(fresh || at->second == payload, "one sequence number, two records");
      }
  });
  return explore(bus.program);
}

TEST(TakeOverModel, one_reader) {
  expect_right("1 reader, 2 takes, writer dies within 2 records, successor publishes 2", explore_take_over(1, 2, 2, 2));
}

TEST(TakeOverModel, two_readers) {
  expect_right("2 readers, 1 take, writer dies within 2 records, successor publishes 1", explore_take_over(2, 1, 2, 1));
}

TEST(TakeOverMutant, odd_slots_made_even) { expect_wrong(explore_take_over(1, 2, 2, 1, {.mend = true}), "of another record"); }

TEST(TakeOverMutant, no_announcement_first) {
  expect_wrong(explore_take_over(1, 2, 1, 1, {.announce_first = false}), "the head stays at a slot that can't be held");
}

TEST(TakeOverMutant, numbers_from_the_head_alone) {
  expect_wrong(explore_take_over(2, 1, 1, 1, {.from_head = true}), "one sequence number, two records");
}

// Reader 0 dies before any access; then the writer may sweep and another reader may take the entry, in any order.
Explored explore_sweep(bool locked, bool successor, int records) {
  Bus bus(2, 1);
  bus.program.mortal_thread(
      [&] {
        Reader reader{bus, 0};
        reader.take_newest();
        await(false);  // alive; holds its lock
      },
      [&] { bus.reader_locks[0].store(0, std::memory_order_release); });
  bus.program.thread([&] {
    Writer writer{bus};
    for (int i = 0; i < records; ++i) {
      if (writer.publish()) continue;
      writer.sweep(locked);
      (void)writer.publish();
    }
  });
  if (successor)
    bus.program.thread([&] {  // Attachment::take_entry()
      await(bus.try_lock(0));
      bus.hazards.word(0, 0).store(0, std::memory_order_release);
      Reader reader{bus, 0};
      reader.take_newest();
    });
  return explore(bus.program);
}

TEST(SweepModel, a_dead_readers_slot_is_used_again) { expect_right("reader dies, 4 records", explore_sweep(true, false, 4)); }

TEST(SweepModel, a_dead_readers_entry_is_taken) {
  expect_right("reader dies, another takes its entry, 3 records", explore_sweep(true, true, 3));
}

TEST(SweepMutant, without_the_dead_readers_lock) { expect_wrong(explore_sweep(false, false, 3), "data race on payload"); }

}  // namespace
}  // namespace vedette::weak
