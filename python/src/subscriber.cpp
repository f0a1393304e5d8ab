#include "subscriber.h"

#include <pybind11/stl.h>

#include <algorithm>

#include "errors.h"
#include "waiting.h"

namespace vedette::python {

std::shared_ptr<const bus::BusDir> open_bus_dir(const std::string& path) {
  return std::make_shared<const bus::BusDir>(value_or_raise(bus::BusDir::open(path)));
}

std::span<std::byte> Lease::bytes(std::string& why_not) const {
  if (forked())
    why_not = std::string("frame or record ") + kForkedText;
  else if (!lease_)
    why_not = "this frame or record was released";
  if (!why_not.empty()) return {};
  const auto record = lease_.bytes();
  // Only ever shown read-only; the mapping itself is.
  return {const_cast<std::byte*>(record.data()), record.size()};
}

std::span<const std::byte> Lease::record() const {
  std::string why_not;
  const auto record = bytes(why_not);
  if (record.data() == nullptr) raise("BusError", why_not);
  return record;
}

void Lease::release() {
  if (views() > 0)
    throw py::buffer_error("views of this frame or record are still in use (" + std::to_string(views()) + "); drop them first");
  lease_.release();
}

struct Subscriber::State {
  std::shared_ptr<const bus::BusDir> dir;
  bus::Subscriber subscriber;
  std::shared_ptr<const std::string> metadata = std::make_shared<const std::string>();
  FairMutex mutex;  // of the subscriber; never held while the GIL is being waited for
  const pid_t owner = ::getpid();

  State(std::shared_ptr<const bus::BusDir> bus_dir, bus::TopicName topic, const bus::Demand& demand)
      : dir(std::move(bus_dir)), subscriber(*dir, std::move(topic), bus::kAnySchema, demand) {}
};

Subscriber::Subscriber(const std::string& bus_dir, const std::string& topic, const bus::Demand& demand,
                       const std::string& wait_policy)
    : topic_(topic) {
  bus::TopicName name = value_or_raise(bus::TopicName::parse(topic));
  state_ = std::make_shared<State>(open_bus_dir(bus_dir), std::move(name), demand);
  check_or_raise(state_->subscriber.set_wait_policy(value_or_raise(bus::WaitPolicy::parse(wait_policy))));
  // Attaches where there is a topic already: what is asked of the writer is asked from now on.
  (void)state_->subscriber.stats();
  if (state_->subscriber.error()) raise(*state_->subscriber.error());
}

Subscriber::~Subscriber() = default;

std::shared_ptr<Subscriber::State> Subscriber::open_state() const {
  if (state_ == nullptr) raise("Closed", topic_ + ": this subscriber was closed");
  if (state_->owner != ::getpid()) raise("BusError", topic_ + ": this subscriber was " + kForkedText);
  return state_;
}

std::unique_ptr<Lease> Subscriber::wrap(State& state, bus::Lease lease, std::uint64_t missed) {
  std::string metadata = state.subscriber.metadata();
  if (metadata != *state.metadata) state.metadata = std::make_shared<const std::string>(std::move(metadata));
  return std::make_unique<Lease>(std::move(lease), missed, state.subscriber.schema_id(), state.metadata);
}

void Subscriber::raise_share_used(std::uint32_t held) const {
  raise("ShareUsed", topic_ + ": this subscriber holds all " + std::to_string(held) +
                         " frames or records it may hold at once (every view keeps one); drop or copy some, or raise "
                         "bus.held_per_reader of who writes the topic");
}

// What `look` finds, without the GIL. Raises ShareUsed, and what keeps the subscriber from attaching.
template <typename Look>
auto Subscriber::look_for(State& state, const Look& look) {
  decltype(look(state.subscriber).status) status;
  std::unique_ptr<Lease> lease;
  std::optional<Error> error;
  std::uint32_t held = 0;
  {
    const py::gil_scoped_release without_gil;
    const std::lock_guard lock(state.mutex);
    auto found = look(state.subscriber);
    status = found.status;
    held = state.subscriber.held_per_reader();
    error = state.subscriber.error();
    std::uint64_t missed = 0;
    if constexpr (requires { found.missed; }) missed = found.missed;
    if (found) lease = wrap(state, std::move(found.lease), missed);
  }
  if (status == decltype(status)::kShareUsed) raise_share_used(held);
  if (error) raise(*error);
  return std::pair(status, std::move(lease));
}

std::unique_ptr<Lease> Subscriber::take(bool newest) {
  const auto state = open_state();
  return look_for(*state, [&](bus::Subscriber& from) { return newest ? from.take_newest() : from.take_next(); }).second;
}

std::unique_ptr<Lease> Subscriber::find(std::uint64_t frame_id, double seconds) {
  const auto state = open_state();
  const std::uint64_t deadline = monotonic_ns() + to_ns(duration_of(seconds));
  for (;;) {
    const std::uint64_t now = monotonic_ns();
    const Nanoseconds left(deadline > now ? deadline - now : 0);
    auto [status, lease] = look_for(*state, [&](bus::Subscriber& from) { return from.find(frame_id, std::min(left, kSlice)); });
    if (lease || status == bus::Find::kNever || left <= kSlice) return std::move(lease);
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (closed()) return nullptr;
  }
}

// Each once, in the order that all are locked in, whoever waits for which of them.
std::vector<std::shared_ptr<Subscriber::State>> Subscriber::states_of(const std::vector<Subscriber*>& subscribers) {
  std::vector<std::shared_ptr<State>> states;
  for (const Subscriber* subscriber : subscribers) states.push_back(subscriber->open_state());
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  return states;
}

// One look at them all of at most `most`, without the GIL; `error`: what keeps one of them from attaching.
bool Subscriber::look(const std::vector<std::shared_ptr<State>>& states, Nanoseconds most, std::optional<Error>& error) {
  const py::gil_scoped_release without_gil;
  std::vector<std::unique_lock<FairMutex>> locks;
  std::vector<bus::Subscriber*> awaited;
  for (const auto& state : states) {
    locks.emplace_back(state->mutex);
    awaited.push_back(&state->subscriber);
  }
  const bool is_new = bus::wait_any(awaited, most);
  for (const bus::Subscriber* subscriber : awaited)
    if (subscriber->error()) error = subscriber->error();
  return is_new;
}

bool Subscriber::wait_any(const std::vector<Subscriber*>& subscribers, double seconds) {
  const auto states = states_of(subscribers);
  const bool endless = seconds < 0;
  const std::uint64_t deadline = monotonic_ns() + to_ns(duration_of(seconds));
  for (;;) {
    const std::uint64_t now = monotonic_ns();
    const Nanoseconds left = endless ? kSlice : Nanoseconds(deadline > now ? deadline - now : 0);
    std::optional<Error> error;
    const bool is_new = look(states, std::min(left, kSlice), error);
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    for (const Subscriber* subscriber : subscribers)
      if (subscriber->closed()) return false;
    if (error) raise(*error);
    if (is_new || (!endless && monotonic_ns() >= deadline)) return is_new;
  }
}

void Subscriber::set_demand(const bus::Demand& demand) {
  const auto state = open_state();
  const py::gil_scoped_release without_gil;
  const std::lock_guard lock(state->mutex);
  state->subscriber.set_demand(demand);
}

std::optional<bus::TopicStats> Subscriber::stats() {
  const auto state = open_state();
  const py::gil_scoped_release without_gil;
  const std::lock_guard lock(state->mutex);
  return state->subscriber.stats();
}

// Another thread that waits right now has its own share of the state: it sees closed() at its next look.
void Subscriber::close() { state_.reset(); }

Subscriber::Events::Events(const std::vector<Subscriber*>& subscribers) : states_(states_of(subscribers)) {
  if (states_.empty()) raise("InvalidArgument", "events: there is no subscriber to wait for");
  std::vector<bus::Subscriber*> awaited;
  for (const auto& state : states_) awaited.push_back(&state->subscriber);
  bridge_ = value_or_raise(bus::EventBridge::open(awaited));
}

Subscriber::Events::~Events() { close(); }

std::shared_ptr<bus::EventBridge> Subscriber::Events::open_bridge() const {
  if (bridge_ == nullptr) raise("Closed", "these events were closed");
  if (owner_ != ::getpid()) raise("BusError", std::string("events ") + kForkedText);
  return bridge_;
}

int Subscriber::Events::fd() const { return open_bridge()->fd(); }

void Subscriber::Events::rearm() {
  const auto bridge = open_bridge();
  const py::gil_scoped_release without_gil;
  std::vector<std::unique_lock<FairMutex>> locks;
  for (const auto& state : states_) locks.emplace_back(state->mutex);
  bridge->rearm();
}

void Subscriber::Events::close() {
  if (owner_ == ::getpid())
    bridge_.reset();  // its thread ends at once and never wants the GIL
  else
    new std::shared_ptr(std::move(bridge_));  // a forked child has no such thread: never destroyed
}

void bind_subscriber(py::module_& module) {
  py::class_<SlotBuffer>(module, "SlotBuffer", SlotBuffer::protocol());
  py::class_<Lease, SlotBuffer>(module, "Lease", SlotBuffer::protocol())
      .def("release", &Lease::release)
      .def_property_readonly("views", &Lease::views)
      .def_property_readonly("frame_id", &Lease::frame_id)
      .def_property_readonly("sequence", &Lease::sequence)
      .def_readonly("missed", &Lease::missed)
      .def_readonly("schema_id", &Lease::schema_id)
      .def_property_readonly("metadata", [](const Lease& lease) {
        return py::reinterpret_steal<py::str>(
            PyUnicode_DecodeUTF8(lease.metadata->data(), static_cast<Py_ssize_t>(lease.metadata->size()), "replace"));
      });
  py::class_<bus::Demand>(module, "Demand")
      .def(py::init([](bool pixels, bool packets, float fps, std::uint16_t width, std::uint16_t height) {
             return bus::Demand{pixels, packets, fps, width, height};
           }),
           py::arg("pixels"), py::arg("packets"), py::arg("fps"), py::arg("width"), py::arg("height"))
      .def_readonly("pixels", &bus::Demand::pixels)
      .def_readonly("packets", &bus::Demand::packets)
      .def_readonly("fps", &bus::Demand::fps)
      .def_readonly("width", &bus::Demand::width)
      .def_readonly("height", &bus::Demand::height);
  py::class_<bus::TopicStats>(module, "TopicStats")
      .def_readonly("published", &bus::TopicStats::published)
      .def_readonly("dropped", &bus::TopicStats::dropped)
      .def_readonly("epoch", &bus::TopicStats::epoch)
      .def_readonly("beat_at_ns", &bus::TopicStats::beat_at_ns)
      .def_readonly("frame_id", &bus::TopicStats::frame_id)
      .def_readonly("writer_pid", &bus::TopicStats::writer_pid);
  py::class_<Subscriber>(module, "Subscriber")
      .def(py::init<const std::string&, const std::string&, const bus::Demand&, const std::string&>(), py::arg("bus_dir"),
           py::arg("topic"), py::arg("demand"), py::arg("wait"))
      .def("take", &Subscriber::take, py::arg("newest"))
      .def("find", &Subscriber::find, py::arg("frame_id"), py::arg("seconds"))
      .def_static("wait_any", &Subscriber::wait_any)
      .def("set_demand", &Subscriber::set_demand)
      .def("stats", &Subscriber::stats)
      .def("close", &Subscriber::close)
      .def_property_readonly("closed", &Subscriber::closed)
      .def_property_readonly("topic", &Subscriber::topic);
  py::class_<Subscriber::Events>(module, "Events")
      .def(py::init<const std::vector<Subscriber*>&>())
      .def("fd", &Subscriber::Events::fd)
      .def("rearm", &Subscriber::Events::rearm)
      .def("close", &Subscriber::Events::close)
      .def_property_readonly("closed", &Subscriber::Events::closed);
}

}  // namespace vedette::python
