// A topic's writer for Python: bus::RingWriter with a lock and a native thread that gives the signs of life, so that a slow
// Python loop, or one that holds the GIL, doesn't look dead. With `stall_after` the signs end when nobody has called anything
// here for so long: a camera whose loop hangs is to be seen as stale.
// After a fork the child's copy refuses to work and touches nothing.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "bus/ring.h"
#include "schema/frame.h"
#include "slot_buffer.h"
#include "stage/control_reader.h"

namespace vedette::python {

// A slot on loan to Python: writable bytes until it is published.
class Loan : public SlotBuffer {
 public:
  explicit Loan(bus::Loan loan) : loan_(std::move(loan)), bytes_(loan_->bytes()) {}

  bool writable() const override { return true; }
  std::span<std::byte> bytes(std::string& why_not) const override;

 private:
  friend class Publisher;
  std::optional<bus::Loan> loan_;  // none once published or dropped
  std::span<std::byte> bytes_;
};

struct PublisherOptions {
  std::string bus_dir;
  std::string topic;
  bus::RingOptions ring;
  double stall_after = 0;  // seconds; 0: never
  bool is_camera = false;  // listens to <camera>/control
};

class Publisher {
 public:
  explicit Publisher(const PublisherOptions& options);
  ~Publisher();

  // Null: every slot is held; counted as a drop.
  std::unique_ptr<Loan> loan();
  // Publishes the loan's first `bytes` under `frame_id`. With `keep_loan` the bytes are copied into another slot first and the
  // loan stays as it is: somebody may still write to it. False: no slot for the copy; dropped and counted.
  bool publish(Loan& loan, std::uint64_t frame_id, std::size_t bytes, bool keep_loan);
  // Fills in what is missing in `info` (ids, times, trace, mode), writes it in front of the pixels and publishes. A paused
  // camera publishes nothing: false.
  bool publish_frame(Loan& loan, FrameInfo info, std::size_t bytes, bool keep_loan);
  bool publish_bytes(std::span<const std::byte> bytes, std::uint64_t frame_id);
  void drop(Loan& loan);

  std::uint64_t next_frame_id();
  bus::Demand demand();
  bool wait_demand(double seconds);
  bus::TopicStats stats();
  std::size_t slot_bytes();
  void resize(std::size_t slot_bytes);
  bool paused();
  Mode mode();
  void close(bool remove);
  bool closed() const { return state_ == nullptr; }

 private:
  struct State;
  std::shared_ptr<State> open_state() const;
  static void beat(State& state);
  bus::DemandWatch watch_demand();

  std::shared_ptr<State> state_;  // guarded by the GIL; null once closed
  const std::string topic_;
};

void bind_publisher(py::module_& module);

}  // namespace vedette::python
