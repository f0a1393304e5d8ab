// The SIGBUS handler: what it isn't for goes on to whoever handled SIGBUS before.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>

#include "bus/ring.h"
#include "support/bus_fixture.h"

namespace vedette::bus {
namespace {

class SigbusDeathTest : public test::BusFixture {
 protected:
  // A program of its own: handlers are looked for once, at the first mapping.
  SigbusDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  void map_a_topic_then_read_beyond_a_file_of_nobodys() {
    auto w = RingWriter::open(dir_, topic("cam0/frames"), {.schema_id = 1, .slot_bytes = 64});
    if (!w.ok()) ::_exit(1);
    const int empty = ::memfd_create("empty", 0);
    const auto* beyond = static_cast<const volatile char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, empty, 0));
    (void)*beyond;
    ::_exit(2);
  }
};

TEST_F(SigbusDeathTest, a_handler_of_before_gets_the_others) {
  EXPECT_EXIT(
      {
        std::signal(SIGBUS, [](int) { ::_exit(7); });
        map_a_topic_then_read_beyond_a_file_of_nobodys();
      },
      ::testing::ExitedWithCode(7), "");
  EXPECT_EXIT(
      {
        struct sigaction action {};
        action.sa_sigaction = [](int, siginfo_t* info, void*) { ::_exit(info->si_addr != nullptr ? 8 : 9); };
        action.sa_flags = SA_SIGINFO;
        ::sigaction(SIGBUS, &action, nullptr);
        map_a_topic_then_read_beyond_a_file_of_nobodys();
      },
      ::testing::ExitedWithCode(8), "");
}

TEST_F(SigbusDeathTest, without_one_the_program_ends) {
  for (const auto before : {SIG_DFL, SIG_IGN})
    EXPECT_EXIT(
        {
          std::signal(SIGBUS, before);
          map_a_topic_then_read_beyond_a_file_of_nobodys();
        },
        ::testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace vedette::bus
