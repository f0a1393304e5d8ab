#include "publisher.h"

#include <pthread.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "base/signals_blocked.h"
#include "errors.h"
#include "subscriber.h"

namespace vedette::python {
namespace {

constexpr std::chrono::milliseconds kBeatEvery{100};
constexpr Nanoseconds kSlice = std::chrono::milliseconds(50);

}  // namespace

std::span<std::byte> Loan::bytes(std::string& why_not) const {
  if (forked())
    why_not = std::string("slot ") + kForkedText;
  else if (!loan_)
    why_not = "this slot was published or dropped: nobody may write to it any more";
  return why_not.empty() ? bytes_ : std::span<std::byte>();
}

struct Publisher::State {
  std::shared_ptr<const bus::BusDir> dir;
  std::mutex mutex;  // of all below; never held while the GIL is being waited for
  bus::RingWriter writer;
  std::optional<stage::ControlReader> control;
  std::uint64_t stall_after_ns = 0;
  std::uint64_t called_at_ns = monotonic_ns();
  bool stop = false;
  std::condition_variable stopping;
  std::thread thread;
  std::mt19937_64 random{std::random_device{}()};  // of trace ids; not shared with a forked child, which would draw the same
  const pid_t owner = ::getpid();

  State(std::shared_ptr<const bus::BusDir> bus_dir, bus::RingWriter ring) : dir(std::move(bus_dir)), writer(std::move(ring)) {}
};

Publisher::Publisher(const PublisherOptions& options) : topic_(options.topic) {
  const bus::TopicName topic = value_or_raise(bus::TopicName::parse(options.topic));
  auto dir = open_bus_dir(options.bus_dir);
  auto writer = value_or_raise(bus::RingWriter::open(*dir, topic, options.ring));
  state_ = std::make_shared<State>(std::move(dir), std::move(writer));
  state_->stall_after_ns = static_cast<std::uint64_t>(std::clamp(options.stall_after, 0.0, 1e6) * 1e9);
  if (options.is_camera) state_->control.emplace(*state_->dir, topic.camera);
  const SignalsBlocked blocked;
  state_->thread = std::thread([state = state_.get()] {
    ::pthread_setname_np(::pthread_self(), "vedette-beat");
    std::unique_lock lock(state->mutex);
    while (!state->stop) {
      beat(*state);
      state->stopping.wait_for(lock, kBeatEvery);
    }
  });
}

// Called with the mutex held.
void Publisher::beat(State& state) {
  const std::uint64_t now = monotonic_ns();
  if (state.stall_after_ns == 0 || age_ns(state.called_at_ns, now) < state.stall_after_ns) state.writer.beat();
  if (state.control) (void)state.control->poll(now);  // a record that was refused: the next one comes with the next heartbeat
}

Publisher::~Publisher() { close(false); }

void Publisher::close(bool remove) {
  if (!state_) return;
  if (state_->owner != ::getpid()) {                // a forked child: its thread isn't here, its mutex may be locked for ever
    new std::shared_ptr<State>(std::move(state_));  // never destroyed
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
    if (remove) state_->writer.remove();
  }
  state_->stopping.notify_all();
  state_->thread.join();  // at most one beat away; it never wants the GIL
  state_.reset();
}

// What every call begins with: it is a sign of life itself.
std::shared_ptr<Publisher::State> Publisher::open_state() const {
  if (!state_) raise("Closed", topic_ + ": this publisher was closed");
  if (state_->owner != ::getpid()) raise("BusError", topic_ + ": this publisher was " + kForkedText);
  const std::lock_guard lock(state_->mutex);
  state_->called_at_ns = monotonic_ns();
  return state_;
}

std::unique_ptr<Loan> Publisher::loan() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  auto loan = state->writer.loan();
  if (loan) return std::make_unique<Loan>(std::move(*loan));
  state->writer.count_drop();
  return nullptr;
}

bool Publisher::publish(Loan& loan, std::uint64_t frame_id, std::size_t bytes, bool keep_loan) {
  const auto state = open_state();
  if (!loan.loan_) raise("InvalidArgument", topic_ + ": this slot was published or dropped already");
  if (bytes > loan.bytes_.size()) raise("InvalidArgument", topic_ + ": more bytes than the slot has");
  const std::lock_guard lock(state->mutex);
  if (!state->writer.owns(*loan.loan_)) {  // the topic got larger slots since
    state->writer.count_drop();
    if (!keep_loan) loan.loan_.reset();
    return false;
  }
  if (!keep_loan) {
    state->writer.publish(std::move(*loan.loan_), frame_id, bytes);
    loan.loan_.reset();
    return true;
  }
  auto copy = state->writer.loan();
  if (!copy) {
    state->writer.count_drop();
    return false;
  }
  std::memcpy(copy->bytes().data(), loan.bytes_.data(), bytes);
  state->writer.publish(std::move(*copy), frame_id, bytes);
  return true;
}

bool Publisher::publish_frame(Loan& loan, FrameInfo info, std::size_t bytes, bool keep_loan) {
  const auto state = open_state();
  if (!loan.loan_) raise("InvalidArgument", topic_ + ": this frame was published or dropped already");
  {
    const std::lock_guard lock(state->mutex);
    if (info.frame_id() == 0) info.mutate_frame_id(state->writer.next_frame_id());
    if (state->control) info.mutate_mode(state->control->mode());
    if (state->control && state->control->paused()) {
      if (!keep_loan) loan.loan_.reset();
      return false;
    }
  }
  const std::uint64_t now = monotonic_ns();
  std::mt19937_64& random = state->random;  // guarded by the GIL
  info.mutate_published_at_ns(now);
  info.mutate_captured_at_ns(std::min(info.captured_at_ns(), now));
  info.mutate_wall_at_ns(wall_ns() - age_ns(info.captured_at_ns(), now));
  TraceContext& trace = info.mutable_trace();
  trace.mutate_trace_id_high(random());
  trace.mutate_trace_id_low(random());
  trace.mutate_span_id(random());
  trace.mutate_flags(1);  // W3C "sampled"
  check_or_raise(check_frame(info, std::min(bytes, loan.bytes_.size())));
  std::memcpy(loan.bytes_.data(), &info, sizeof info);
  return publish(loan, info.frame_id(), bytes, keep_loan);
}

bool Publisher::publish_bytes(std::span<const std::byte> bytes, std::uint64_t frame_id) {
  const auto state = open_state();
  if (bytes.size() > slot_bytes())
    raise("InvalidArgument", topic_ + ": a record of " + std::to_string(bytes.size()) + " bytes; its slots have " +
                                 std::to_string(slot_bytes()) + ": raise slot_bytes");
  const py::gil_scoped_release without_gil;
  const std::lock_guard lock(state->mutex);
  auto loan = state->writer.loan();
  if (!loan) {
    state->writer.count_drop();
    return false;
  }
  if (!bytes.empty()) std::memcpy(loan->bytes().data(), bytes.data(), bytes.size());
  state->writer.publish(std::move(*loan), frame_id != 0 ? frame_id : state->writer.next_frame_id(), bytes.size());
  return true;
}

void Publisher::drop(Loan& loan) { loan.loan_.reset(); }

std::uint64_t Publisher::next_frame_id() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->writer.next_frame_id();
}

bus::DemandWatch Publisher::watch_demand() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->writer.watch_demand();
}

bus::Demand Publisher::demand() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->writer.demand();
}

// Sleeps beside the writer, which the beat needs meanwhile.
bool Publisher::wait_demand(double seconds) {
  const std::uint64_t deadline = monotonic_ns() + static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 1e6) * 1e9);
  for (;;) {
    const bus::DemandWatch watch = watch_demand();
    if (demand().any()) return true;
    const std::uint64_t now = monotonic_ns();
    if (seconds >= 0 && now >= deadline) return false;
    {
      const py::gil_scoped_release without_gil;
      watch.wait(seconds < 0 ? kSlice : std::min(kSlice, Nanoseconds(deadline - now)));
    }
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
}

bus::TopicStats Publisher::stats() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->writer.stats();
}

std::size_t Publisher::slot_bytes() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->writer.options().slot_bytes;
}

void Publisher::resize(std::size_t slot_bytes) {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  bus::RingOptions options = state->writer.options();
  options.slot_bytes = slot_bytes;
  check_or_raise(state->writer.resize(options));
}

bool Publisher::paused() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->control && state->control->paused();
}

Mode Publisher::mode() {
  const auto state = open_state();
  const std::lock_guard lock(state->mutex);
  return state->control ? state->control->mode() : Mode::Standby;
}

void bind_publisher(py::module_& module) {
  py::class_<Loan, SlotBuffer>(module, "Loan", SlotBuffer::protocol()).def_property_readonly("views", &Loan::views);
  py::class_<Publisher>(module, "Publisher")
      .def(py::init([](const std::string& bus_dir, const std::string& topic, std::uint64_t schema_id, std::uint64_t slot_bytes,
                       std::uint32_t keep, std::uint32_t readers, std::uint32_t held_per_reader, bool history,
                       const std::string& metadata, double stall_after, bool is_camera) {
             bus::RingOptions ring{.schema_id = schema_id, .slot_bytes = slot_bytes, .keep = keep};
             ring.writer_slots = 2;  // one being written, one whose views outlived its publication
             ring.readers = readers;
             ring.held_per_reader = held_per_reader;
             ring.policy = history ? bus::SlotPolicy::kOldestFirst : bus::SlotPolicy::kLowestFree;
             ring.metadata = metadata;
             return std::make_unique<Publisher>(PublisherOptions{bus_dir, topic, ring, stall_after, is_camera});
           }),
           py::kw_only(), py::arg("bus_dir"), py::arg("topic"), py::arg("schema_id"), py::arg("slot_bytes"), py::arg("keep"),
           py::arg("readers"), py::arg("held_per_reader"), py::arg("history"), py::arg("metadata"), py::arg("stall_after"),
           py::arg("is_camera"))
      .def("loan", &Publisher::loan)
      .def("publish", &Publisher::publish)
      .def("publish_bytes",
           [](Publisher& publisher, const py::buffer& buffer, std::uint64_t frame_id) {
             Py_buffer view;
             if (PyObject_GetBuffer(buffer.ptr(), &view, PyBUF_C_CONTIGUOUS) != 0) throw py::error_already_set();
             const std::unique_ptr<Py_buffer, void (*)(Py_buffer*)> guard(&view, PyBuffer_Release);
             return publisher.publish_bytes({static_cast<const std::byte*>(view.buf), static_cast<std::size_t>(view.len)},
                                            frame_id);
           })
      .def("drop", &Publisher::drop)
      .def("next_frame_id", &Publisher::next_frame_id)
      .def("demand", &Publisher::demand)
      .def("wait_demand", &Publisher::wait_demand)
      .def("stats", &Publisher::stats)
      .def("slot_bytes", &Publisher::slot_bytes)
      .def("resize", &Publisher::resize)
      .def("paused", &Publisher::paused)
      .def("mode", [](Publisher& publisher) { return std::string(to_string(publisher.mode())); })
      .def("close", &Publisher::close, py::arg("remove") = false)
      .def_property_readonly("closed", &Publisher::closed);
}

}  // namespace vedette::python
