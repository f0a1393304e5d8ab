// The checker checked: the classic litmus tests must have exactly the outcomes that C++20 gives them (less load buffering, see
// graph.h). Outcome "r0 r1 …" of what the threads read; the sets are those of the standard's rules, worked out by hand and in the
// literature (Batty et al., POPL 2011; Lahav et al., PLDI 2017; P0668).
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <functional>
#include <set>
#include <string>

#include "explore.h"

namespace vedette::weak {
namespace {

constexpr auto kRlx = std::memory_order_relaxed;
constexpr auto kAcq = std::memory_order_acquire;
constexpr auto kRel = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSc = std::memory_order_seq_cst;

using Outcomes = std::set<std::string>;

struct Litmus {
  Program program;
  Atomic<int> x, y;
  std::array<int, 4> r{};
  std::deque<Atomic<int>> more;  // variables beyond x and y

  // Every outcome of r[0] to r[count - 1], found by both explorations.
  Outcomes outcomes(std::size_t count) {
    Outcomes found;
    program.at_end([&] {
      std::string text;
      for (std::size_t i = 0; i < count; ++i) text += std::to_string(r[i]);
      found.insert(text);
    });
    const Explored fast = explore(program, true), plain = explore_plainly(program);
    EXPECT_EQ(fast.wrong, "");
    EXPECT_EQ(fast.graphs, plain.graphs);
    return found;
  }
};

Outcomes message_passing(std::memory_order store, std::memory_order load) {
  Litmus t;
  t.program.thread([&] { t.x.store(1, kRlx), t.y.store(1, store); });
  t.program.thread([&] { t.r[0] = t.y.load(load), t.r[1] = t.x.load(kRlx); });
  return t.outcomes(2);
}

TEST(Litmus, message_passing) {
  EXPECT_EQ(message_passing(kRlx, kRlx), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(message_passing(kRel, kRlx), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(message_passing(kRlx, kAcq), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(message_passing(kRel, kAcq), (Outcomes{"00", "01", "11"}));
  EXPECT_EQ(message_passing(kSc, kSc), (Outcomes{"00", "01", "11"}));
}

TEST(Litmus, message_passing_by_fences) {
  const auto run = [](std::memory_order write_fence, std::memory_order read_fence) {
    Litmus t;
    t.program.thread([&] { t.x.store(1, kRlx), fence(write_fence), t.y.store(1, kRlx); });
    t.program.thread([&] { t.r[0] = t.y.load(kRlx), fence(read_fence), t.r[1] = t.x.load(kRlx); });
    return t.outcomes(2);
  };
  EXPECT_EQ(run(kRel, kAcq), (Outcomes{"00", "01", "11"}));
  EXPECT_EQ(run(kAcq, kAcq), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(run(kRel, kRel), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(run(kSc, kSc), (Outcomes{"00", "01", "11"}));
}

// A release sequence goes on through RMWs, and (since C++20) not through the same thread's plain stores.
TEST(Litmus, release_sequence) {
  Litmus rmw;
  rmw.program.thread([&] { rmw.x.store(1, kRlx), rmw.y.store(1, kRel); });
  rmw.program.thread([&] { (void)rmw.y.fetch_add(1, kRlx); });
  rmw.program.thread([&] { rmw.r[0] = rmw.y.load(kAcq), rmw.r[1] = rmw.x.load(kRlx); });
  EXPECT_EQ(rmw.outcomes(2), (Outcomes{"00", "01", "10", "11", "21"})) << "10: the RMW came before the release";

  Litmus store;
  store.program.thread([&] { store.x.store(1, kRlx), store.y.store(1, kRel), store.y.store(2, kRlx); });
  store.program.thread([&] { store.r[0] = store.y.load(kAcq), store.r[1] = store.x.load(kRlx); });
  EXPECT_EQ(store.outcomes(2), (Outcomes{"00", "01", "11", "20", "21"}));
}

Outcomes store_buffering(std::memory_order store, std::memory_order load, bool fenced = false) {
  Litmus t;
  t.program.thread([&] { t.x.store(1, store), fenced ? fence(kSc) : void(), t.r[0] = t.y.load(load); });
  t.program.thread([&] { t.y.store(1, store), fenced ? fence(kSc) : void(), t.r[1] = t.x.load(load); });
  return t.outcomes(2);
}

TEST(Litmus, store_buffering) {
  EXPECT_EQ(store_buffering(kRlx, kRlx), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(store_buffering(kRel, kAcq), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(store_buffering(kSc, kAcq), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(store_buffering(kRel, kSc), (Outcomes{"00", "01", "10", "11"}));
  EXPECT_EQ(store_buffering(kSc, kSc), (Outcomes{"01", "10", "11"}));
  EXPECT_EQ(store_buffering(kRlx, kRlx, true), (Outcomes{"01", "10", "11"}));
}

// One of the four accesses weaker: both zeros come back. What the bus's handshake rests on.
TEST(Litmus, store_buffering_needs_all_four) {
  for (int weak = 0; weak < 4; ++weak) {
    Litmus t;
    const auto store = [&](int i) { return weak == i ? kRel : kSc; };
    const auto load = [&](int i) { return weak == i ? kAcq : kSc; };
    t.program.thread([&] { t.x.store(1, store(0)), t.r[0] = t.y.load(load(1)); });
    t.program.thread([&] { t.y.store(1, store(2)), t.r[1] = t.x.load(load(3)); });
    EXPECT_TRUE(t.outcomes(2).contains("00")) << weak;
  }
}

TEST(Litmus, load_buffering_is_left_out) {
  Litmus t;
  t.program.thread([&] { t.r[0] = t.x.load(kRlx), t.y.store(1, kRlx); });
  t.program.thread([&] { t.r[1] = t.y.load(kRlx), t.x.store(1, kRlx); });
  EXPECT_EQ(t.outcomes(2), (Outcomes{"00", "01", "10"}));
}

Outcomes independent_reads(std::memory_order store, std::memory_order load) {
  Litmus t;
  t.program.thread([&] { t.x.store(1, store); });
  t.program.thread([&] { t.y.store(1, store); });
  t.program.thread([&] { t.r[0] = t.x.load(load), t.r[1] = t.y.load(load); });
  t.program.thread([&] { t.r[2] = t.y.load(load), t.r[3] = t.x.load(load); });
  return t.outcomes(4);
}

TEST(Litmus, independent_reads_of_independent_writes) {
  EXPECT_EQ(independent_reads(kRlx, kRlx).size(), 16u);
  EXPECT_EQ(independent_reads(kRel, kAcq).size(), 16u) << "1010 is allowed: release and acquire give no common order";
  const Outcomes sc = independent_reads(kSc, kSc);
  EXPECT_EQ(sc.size(), 15u);
  EXPECT_FALSE(sc.contains("1010"));
  EXPECT_TRUE(independent_reads(kSc, kAcq).contains("1010"));
  // C++20 is stronger here than RC11: coherence order between the seq_cst loads goes through the weaker stores.
  EXPECT_FALSE(independent_reads(kRel, kSc).contains("1010"));
}

// Both threads' last writes come first in modification order.
TEST(Litmus, two_plus_two_writes) {
  const auto run = [](std::memory_order order) {
    Litmus t;
    t.program.thread([&] { t.x.store(1, order), t.y.store(2, order); });
    t.program.thread([&] { t.y.store(1, order), t.x.store(2, order); });
    Outcomes found;
    t.program.at_end([&] { found.insert(std::to_string(t.x.peek()) + std::to_string(t.y.peek())); });
    EXPECT_EQ(explore(t.program, true).graphs, explore_plainly(t.program).graphs);
    return found;
  };
  EXPECT_EQ(run(kRlx), (Outcomes{"11", "12", "21", "22"}));
  EXPECT_EQ(run(kRel), (Outcomes{"11", "12", "21", "22"}));
  EXPECT_EQ(run(kSc), (Outcomes{"12", "21", "22"}));
}

TEST(Litmus, coherence) {
  Litmus rr;  // reads of one location by one thread never go back
  rr.program.thread([&] { rr.x.store(1, kRlx), rr.x.store(2, kRlx); });
  rr.program.thread([&] { rr.r[0] = rr.x.load(kRlx), rr.r[1] = rr.x.load(kRlx); });
  EXPECT_EQ(rr.outcomes(2), (Outcomes{"00", "01", "02", "11", "12", "22"}));

  Litmus two;  // two writers: all readers agree on their order
  two.program.thread([&] { two.x.store(1, kRlx); });
  two.program.thread([&] { two.x.store(2, kRlx); });
  two.program.thread([&] { two.r[0] = two.x.load(kRlx), two.r[1] = two.x.load(kRlx); });
  two.program.thread([&] { two.r[2] = two.x.load(kRlx), two.r[3] = two.x.load(kRlx); });
  const Outcomes found = two.outcomes(4);
  EXPECT_TRUE(found.contains("1212") && found.contains("2121"));
  EXPECT_FALSE(found.contains("1221") || found.contains("2112"));

  Litmus wr;  // a thread reads its own write or a later one
  wr.program.thread([&] { wr.x.store(1, kRlx), wr.r[0] = wr.x.load(kRlx); });
  wr.program.thread([&] { wr.x.store(2, kRlx), wr.r[1] = wr.x.load(kRlx); });
  EXPECT_EQ(wr.outcomes(2), (Outcomes{"12", "11", "22"}));
}

// Happens-before is transitive: WRC and ISA2.
TEST(Litmus, write_to_read_causality) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    Litmus t;
    t.program.thread([&] { t.x.store(1, kRlx); });
    t.program.thread([&] { t.r[0] = t.x.load(kRlx), t.y.store(1, store); });
    t.program.thread([&] { t.r[1] = t.y.load(load), t.r[2] = t.x.load(kRlx); });
    return t.outcomes(3);
  };
  EXPECT_TRUE(run(kRlx, kRlx).contains("110"));
  EXPECT_TRUE(run(kRlx, kAcq).contains("110"));
  EXPECT_FALSE(run(kRel, kAcq).contains("110"));
  EXPECT_EQ(run(kRel, kAcq).size(), 7u);
}

TEST(Litmus, isa2) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    Litmus t;
    Atomic<int>& z = t.more.emplace_back();
    t.program.thread([&] { t.x.store(1, kRlx), t.y.store(1, store); });
    t.program.thread([&] { t.r[0] = t.y.load(load), z.store(1, store); });
    t.program.thread([&] { t.r[1] = z.load(load), t.r[2] = t.x.load(kRlx); });
    return t.outcomes(3);
  };
  EXPECT_TRUE(run(kRlx, kRlx).contains("110"));
  EXPECT_FALSE(run(kRel, kAcq).contains("110"));
}

// RWC and Z6.U, which tell C++20's seq_cst from older and simpler models.
TEST(Litmus, seq_cst_mixed_with_weaker) {
  Litmus rwc;
  rwc.program.thread([&] { rwc.x.store(1, kRlx); });
  rwc.program.thread([&] { rwc.r[0] = rwc.x.load(kAcq), fence(kSc), rwc.r[1] = rwc.y.load(kRlx); });
  rwc.program.thread([&] { rwc.y.store(1, kRlx), fence(kSc), rwc.r[2] = rwc.x.load(kRlx); });
  EXPECT_FALSE(rwc.outcomes(3).contains("100"));

  // Z6.U: forbidden before C++20, allowed since (P0668): happens-before through weaker accesses alone isn't in S.
  Litmus z6;
  z6.program.thread([&] { z6.x.store(1, kSc), z6.y.store(1, kRel); });
  z6.program.thread([&] { z6.r[0] = z6.y.fetch_add(1, kSc), z6.r[1] = z6.y.load(kRlx); });
  z6.program.thread([&] { z6.y.store(3, kSc), z6.r[2] = z6.x.load(kSc); });
  EXPECT_TRUE(z6.outcomes(3).contains("130"));
}

TEST(Litmus, read_modify_writes_exclude_each_other) {
  Litmus add;
  add.program.thread([&] { add.r[0] = add.x.fetch_add(1, kRlx); });
  add.program.thread([&] { add.r[1] = add.x.fetch_add(1, kRlx); });
  add.program.thread([&] { add.r[2] = add.x.fetch_add(1, kRlx); });
  EXPECT_EQ(add.outcomes(3), (Outcomes{"012", "021", "102", "120", "201", "210"}));

  Litmus cas;
  const auto lock = [&](int i) {
    int expected = 0;
    cas.r[static_cast<std::size_t>(i)] = cas.x.compare_exchange_strong(expected, 1, kAcqRel);
  };
  cas.program.thread([&] { lock(0); });
  cas.program.thread([&] { lock(1); });
  EXPECT_EQ(cas.outcomes(2), (Outcomes{"01", "10"}));
}

TEST(Litmus, data_races_are_errors) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    Program program;
    Plain data;
    Atomic<int> flag;
    program.thread([&] { data.write(1), flag.store(1, store); });
    program.thread([&] {
      if (flag.load(load) == 1) expect(data.read() == 1, "stale");
    });
    const std::string fast = explore(program).wrong;
    EXPECT_EQ(fast.empty(), explore_plainly(program).wrong.empty());
    return fast;
  };
  EXPECT_EQ(run(kRel, kAcq), "");
  EXPECT_NE(run(kRlx, kAcq).find("data race"), std::string::npos);
  EXPECT_NE(run(kRel, kRlx).find("data race"), std::string::npos);
}

TEST(Litmus, a_mortal_thread_dies_before_any_access_and_its_lock_falls) {
  Program program;
  Atomic<int> x, lock(1);
  std::set<int> left;
  int seen = 0;
  program.mortal_thread([&] { x.store(1, kRlx), x.store(2, kRlx), x.store(3, kRlx); }, [&] { lock.store(0, kRel); });
  program.thread([&] { await(lock.load(kAcq) == 0), seen = x.load(kRlx); });
  program.at_end([&] {
    if (lock.peek() == 0) left.insert(x.peek());
  });
  const Explored fast = explore(program, true);
  EXPECT_EQ(left, (std::set<int>{0, 1, 2}));
  EXPECT_EQ(fast.graphs, explore_plainly(program).graphs);
  EXPECT_GT(fast.waiting, 0u);
}

}  // namespace
}  // namespace vedette::weak
