// iceoryx2 as a contestant: its Rust publisher and subscriber (src/lib.rs) under the loop that drives everybody.
#include <memory>

#include "bench/support/one_way.h"

extern "C" {
struct Iox2Writer;
struct Iox2Reader;
Iox2Writer* iox2_open_writer(std::uint32_t number, std::size_t bytes, bool events);
Iox2Reader* iox2_open_reader(std::uint32_t number, bool events);
std::byte* iox2_loan(Iox2Writer* writer, std::size_t bytes);
void iox2_publish(Iox2Writer* writer);
const std::byte* iox2_take(Iox2Reader* reader, std::size_t* bytes);
void iox2_release(Iox2Reader* reader);
void iox2_close_writer(Iox2Writer* writer);
void iox2_close_reader(Iox2Reader* reader);
}

namespace {

using namespace vedette::bench;

class Writer {
 public:
  Writer(std::uint32_t number, std::size_t bytes, bool events) : writer_(iox2_open_writer(number, bytes, events)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { iox2_close_writer(writer_); }
  std::span<std::byte> loan(std::size_t bytes) { return {iox2_loan(writer_, bytes), bytes}; }
  void publish() { iox2_publish(writer_); }

 private:
  Iox2Writer* writer_;
};

class Reader {
 public:
  Reader(std::uint32_t number, bool events) : reader_(iox2_open_reader(number, events)) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { iox2_close_reader(reader_); }
  std::span<const std::byte> take() {
    std::size_t bytes = 0;
    const std::byte* data = iox2_take(reader_, &bytes);
    return data == nullptr ? std::span<const std::byte>{} : std::span(data, bytes);
  }
  void release() { iox2_release(reader_); }

 private:
  Iox2Reader* reader_;
};

Value hand_over(const OneWay& plan, bool events = false) {
  const auto number = static_cast<std::uint32_t>(::getpid());
  return one_way(
      plan, [&] { return std::make_unique<Writer>(number, plan.bytes, events); },
      [&] { return std::make_unique<Reader>(number, events); });
}

}  // namespace

int main(int argc, char** argv) {
  const Figure figures[] = {
      {"spin_64", [] { return hand_over(kSpin64); }},
      {"block_64", [] { return hand_over(kBlock64, true); }},
      {"frame_1080p", [] { return hand_over(kFrame1080p); }},
      {"vehicle_800x600", [] { return hand_over(kVehicle); }},
  };
  return run_figure(argc, argv, figures);
}
