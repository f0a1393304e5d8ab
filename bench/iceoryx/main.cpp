// Eclipse iceoryx 2.0.3 as a contestant: untyped publisher and subscriber; polled by take() in a loop, blocked in a WaitSet.
// `--history 1` (the default) keeps the newest sample readable for who comes later, as a topic of ours does; `--history 0`
// doesn't, so that the publisher may write into the same, cache-warm chunk again. RouDi runs already, with
// bench/iceoryx/roudi.toml.
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <memory>
#include <optional>

#include "bench/support/one_way.h"

namespace {

using namespace vedette::bench;

std::uint64_t g_history = 1;

const iox::capro::ServiceDescription kService{"vedette", "bench", "message"};

// A process registers under a name of its own.
void start_runtime() {
  const std::string name = "bench-" + std::to_string(::getpid());
  iox::runtime::PoshRuntime::initRuntime(iox::RuntimeName_t(iox::cxx::TruncateToCapacity, name));
}

class Writer {
 public:
  Writer() {
    start_runtime();
    iox::popo::PublisherOptions options;
    options.historyCapacity = g_history;
    publisher_.emplace(kService, options);
  }
  // Null: no chunk is free.
  void* try_loan(std::size_t bytes) {
    void* chunk = nullptr;
    publisher_->loan(static_cast<std::uint32_t>(bytes)).and_then([&](void* loaned) { chunk = loaned; });
    return chunk;
  }
  std::span<std::byte> loan(std::size_t bytes) {
    chunk_ = try_loan(bytes);
    if (chunk_ == nullptr) fail("iceoryx has no chunk of " + std::to_string(bytes) + " bytes: is RouDi run with roudi.toml?");
    return {static_cast<std::byte*>(chunk_), bytes};
  }
  void publish() { publisher_->publish(chunk_); }

 private:
  std::optional<iox::popo::UntypedPublisher> publisher_;
  void* chunk_ = nullptr;
};

class Reader {
 public:
  explicit Reader(bool blocked) {
    start_runtime();
    iox::popo::SubscriberOptions options;
    options.queueCapacity = 1;
    options.historyRequest = 0;
    subscriber_.emplace(kService, options);
    while (subscriber_->getSubscriptionState() != iox::SubscribeState::SUBSCRIBED) ::usleep(1000);
    if (!blocked) return;
    wait_set_.emplace();
    wait_set_->attachState(*subscriber_, iox::popo::SubscriberState::HAS_DATA).or_else([](auto) {
      fail("iceoryx: the WaitSet takes no subscriber");
    });
  }
  std::span<const std::byte> take() {
    if (wait_set_) wait_set_->timedWait(iox::units::Duration::fromMilliseconds(100));
    chunk_ = nullptr;
    subscriber_->take().and_then([&](const void* taken) { chunk_ = taken; });
    if (chunk_ == nullptr) return {};
    const auto* header = iox::mepoo::ChunkHeader::fromUserPayload(chunk_);
    return {static_cast<const std::byte*>(chunk_), header->userPayloadSize()};
  }
  void release() { subscriber_->release(chunk_); }

 private:
  std::optional<iox::popo::UntypedSubscriber> subscriber_;
  std::optional<iox::popo::WaitSet<1>> wait_set_;
  const void* chunk_ = nullptr;
};

Value hand_over(const OneWay& plan, bool blocked) {
  return one_way(
      plan, [] { return std::make_unique<Writer>(); }, [=] { return std::make_unique<Reader>(blocked); });
}

// A reader holds one of the pool's chunks and is killed; how long until the publisher gets that chunk again. Only the pool of
// 1 KiB chunks is used, which roudi.toml makes small.
Value reader_killed() {
  constexpr std::size_t kBytes = 1000;
  Readers readers(1, [](Board& board, Seat& seat) {
    Reader reader(false);
    seat.ready = 1;
    while (board.stop == 0 && reader.take().empty()) ::usleep(100);
    seat.received = 1;
    while (true) ::pause();
  });
  Writer writer;
  readers.let_attach();
  writer.loan(kBytes);
  writer.publish();
  if (!readers.await(1, 5'000'000'000)) fail("the reader took nothing");
  writer.loan(kBytes);  // the publisher holds its last sample: it has to be another one than the reader's
  writer.publish();
  int loans = 0;
  while (writer.try_loan(kBytes) != nullptr) ++loans;
  if (loans == 0 || loans >= 8) fail("the pool of 1 KiB chunks isn't that of roudi.toml");  // a publisher may loan 8 at once

  const std::uint64_t killed = stamp();
  readers.signal(0, SIGKILL);
  const std::uint64_t deadline = clock_ns() + 20'000'000'000;
  while (writer.try_loan(kBytes) == nullptr) {
    if (clock_ns() > deadline) fail("the killed reader's chunk did not come back within 20 s");
    ::usleep(20);
  }
  return from_ticks(static_cast<double>(stamp() - killed), "ms");
}

}  // namespace

int main(int argc, char** argv) {
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kError);
  if (argc == 4 && std::string_view(argv[1]) == "--history") g_history = std::strtoull(argv[2], nullptr, 10);
  const Figure figures[] = {
      {"spin_64", [] { return hand_over(kSpin64, false); }},
      {"block_64", [] { return hand_over(kBlock64, true); }},
      {"frame_1080p", [] { return hand_over(kFrame1080p, false); }},
      {"vehicle_800x600", [] { return hand_over(kVehicle, false); }},
      {"reader_killed", reader_killed},
  };
  return run_figure(argc, argv, figures);
}
