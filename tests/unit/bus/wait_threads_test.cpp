// Helper threads that stand in for futex_waitv: no wake is lost, whatever the timing. Helpers sleep for an hour here, so that a
// lost wake is a test that doesn't end (ctest's time limit).
#include "bus/wait_threads.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <deque>
#include <random>

#include "base/unique_fd.h"

namespace vedette::bus {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Word = std::atomic<std::uint32_t>;

class Words {
 public:
  explicit Words(std::size_t count) : words_(count), watches_(count) {}
  Word& operator[](std::size_t i) { return words_[i]; }
  void change(std::size_t i) {
    words_[i].fetch_add(1);
    futex_wake_all(words_[i]);
  }
  // As they are now.
  std::span<const FutexWatch> watches() {
    for (std::size_t i = 0; i < words_.size(); ++i) watches_[i] = {&words_[i], words_[i].load(), 1};
    return watches_;
  }
  void change_all() {
    for (std::size_t i = 0; i < words_.size(); ++i) change(i);
  }

 private:
  std::deque<Word> words_;
  std::vector<FutexWatch> watches_;
};

// Each round another thread changes one word, at any time around the wait; only then comes the next round.
void ping_pong(WaitThreads& threads, Words& words, std::size_t count, std::uint32_t rounds) {
  const auto sum = [&] {
    std::uint32_t total = 0;
    for (std::size_t i = 0; i < count; ++i) total += words[i].load();
    return total;
  };
  const std::uint32_t start = sum();
  Word seen{0};
  std::thread changer([&] {
    std::minstd_rand random(1);
    for (std::uint32_t round = 0; round < rounds; ++round) {
      if (random() % 2 == 0) std::this_thread::yield();
      if (random() % 16 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
      words.change(random() % count);
      while (seen.load() <= round) std::this_thread::yield();
    }
  });
  std::uint32_t changes = 0;
  while (changes < rounds) {
    const auto watches = words.watches();  // before the look, as announce() is before has_news()
    if (const std::uint32_t now = sum() - start; now > changes)
      seen = changes = now;
    else
      threads.wait(watches, hours(1));
  }
  changer.join();
}

TEST(WaitThreads, lose_no_wake_of_any_word) {
  Words words(3);
  WaitThreads threads(false, hours(1));
  ping_pong(threads, words, 3, 3000);
  words.change_all();  // lets the helpers go
}

TEST(WaitThreads, stand_beside_one_call_for_the_words_beyond_it) {
  Words words(300);
  WaitThreads threads(true, hours(1));
  ping_pong(threads, words, 300, 300);
  words.change_all();
}

TEST(WaitThreads, end_at_the_time_out_and_go_on_after_it) {
  Words words(2);
  WaitThreads threads(false);
  const std::uint64_t start = monotonic_ns();
  threads.wait(words.watches(), milliseconds(20));
  EXPECT_GE(age_ns(start), 20'000'000u);
  ping_pong(threads, words, 2, 20);
}

// A topic's files are replaced, and the new ones are mapped where the old ones were: a helper still asleep on the old word isn't
// taken for one that sleeps on the new.
TEST(WaitThreads, another_file_at_the_same_address_is_another_word) {
  constexpr std::size_t kPage = 4096;
  const auto file = [] {
    const int fd = ::memfd_create("word", MFD_CLOEXEC);
    EXPECT_EQ(::ftruncate(fd, kPage), 0);
    return UniqueFd(fd);
  };
  const auto map = [](int fd, void* at) {
    return reinterpret_cast<Word*>(::mmap(at, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), fd, 0));
  };
  const UniqueFd old_file = file(), new_file = file();
  Word* const word = map(old_file.get(), nullptr);
  Word* const old_word = map(old_file.get(), nullptr);
  Word* const new_word = map(new_file.get(), nullptr);
  Words other(1);
  WaitThreads threads(false, hours(1));
  // Ends by the other word; a helper stays asleep on this one.
  std::thread changer([&] {
    std::this_thread::sleep_for(milliseconds(20));
    other.change(0);
  });
  const FutexWatch both[] = {{word, 0, 1}, other.watches()[0]};
  threads.wait(both, hours(1));
  changer.join();
  map(new_file.get(), word);
  changer = std::thread([&] {
    std::this_thread::sleep_for(milliseconds(20));
    new_word->fetch_add(1);
    futex_wake_all(*new_word);
  });
  const FutexWatch renewed{word, 0, 2};
  threads.wait({&renewed, 1}, hours(1));
  changer.join();
  EXPECT_EQ(word->load(), 1u);
  old_word->fetch_add(1);
  futex_wake_all(*old_word);  // lets its helper go
  for (Word* page : {word, old_word, new_word}) ::munmap(page, kPage);
}

TEST(WaitThreads, a_word_that_is_gone_is_no_busy_loop_and_no_crash) {
  Words words(1);
  WaitThreads threads(false);
  const FutexWatch watches[] = {words.watches()[0], {reinterpret_cast<const Word*>(std::uintptr_t{4096}), 0, 3}};
  const std::uint64_t start = monotonic_ns();
  threads.wait(watches, milliseconds(30));
  EXPECT_GE(age_ns(start), 30'000'000u);
}

}  // namespace
}  // namespace vedette::bus
