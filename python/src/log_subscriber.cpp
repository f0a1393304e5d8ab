#include "log_subscriber.h"

#include <pybind11/stl.h>

#include <vector>

#include "errors.h"
#include "schema/packet.h"
#include "subscriber.h"
#include "waiting.h"

namespace vedette::python {
namespace {

bus::LogFrom from_of(const std::string& text) {
  if (text == "next") return bus::LogFrom::kNext;
  if (text == "newest") return bus::LogFrom::kNewestKeyframe;
  if (text == "oldest") return bus::LogFrom::kOldestKeyframe;
  raise("InvalidArgument", "start \"" + text + "\"; expected newest, oldest or next");
}

py::bytes bytes_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// All fields of a packet; raises Corrupt.
py::dict packet(const py::bytes& record) {
  const std::string_view text = record;
  const PacketView view = value_or_raise(packet_view(std::as_bytes(std::span(text.data(), text.size()))));
  const PacketInfo& info = view.info;
  py::dict fields;
  fields["codec"] = std::string(to_string(info.codec()));
  fields["captured_at_ns"] = info.captured_at_ns();
  fields["published_at_ns"] = info.published_at_ns();
  fields["wall_at_ns"] = info.wall_at_ns();
  fields["camera_wall_at_ns"] = info.camera_wall_at_ns();
  fields["pts_ns"] = info.pts_ns();
  fields["dts_ns"] = info.dts_ns();
  fields["duration_ns"] = info.duration_ns();
  fields["width"] = info.width();
  fields["height"] = info.height();
  fields["sample_rate"] = info.sample_rate();
  fields["channels"] = info.channels();
  fields["keyframe"] = info.keyframe() == 1;
  fields["stream"] = info.stream();
  fields["config"] = bytes_of(view.config);
  fields["data"] = bytes_of(view.data);
  return fields;
}

// A log of one's own; for tests, and for who has packets.
class LogWriter {
 public:
  LogWriter(const std::string& bus_dir, const std::string& topic, std::uint64_t schema_id, std::uint64_t data_bytes,
            std::uint64_t max_record_bytes, const std::string& metadata)
      : dir_(open_bus_dir(bus_dir)),
        writer_(value_or_raise(bus::LogWriter::open(
            *dir_, value_or_raise(bus::TopicName::parse(topic)),
            {.schema_id = schema_id, .data_bytes = data_bytes, .max_record_bytes = max_record_bytes, .metadata = metadata}))) {}
  bool append(const py::bytes& record, std::uint64_t frame_id, std::uint64_t at_ns, bool keyframe) {
    const std::string_view text = record;
    const std::array pieces{std::as_bytes(std::span(text.data(), text.size()))};
    return writer_.append({.frame_id = frame_id, .at_ns = at_ns, .keyframe = keyframe}, pieces);
  }
  bus::Demand demand() const { return writer_.demand(); }

 private:
  std::shared_ptr<const bus::BusDir> dir_;
  bus::LogWriter writer_;
};

}  // namespace

struct LogSubscriber::State {
  std::shared_ptr<const bus::BusDir> dir;
  bus::LogSubscriber subscriber;
  std::vector<std::byte> buffer;
  FairMutex mutex;  // of all above; never held while the GIL is being waited for
  const pid_t owner = ::getpid();

  State(std::shared_ptr<const bus::BusDir> bus_dir, bus::TopicName topic, const bus::Demand& demand, bus::LogFrom from)
      : dir(std::move(bus_dir)), subscriber(*dir, std::move(topic), bus::kAnySchema, demand, from) {}
};

LogSubscriber::LogSubscriber(const std::string& bus_dir, const std::string& topic, const bus::Demand& demand,
                             const std::string& wait_policy, const std::string& from)
    : topic_(topic) {
  bus::TopicName name = value_or_raise(bus::TopicName::parse(topic));
  state_ = std::make_shared<State>(open_bus_dir(bus_dir), std::move(name), demand, from_of(from));
  check_or_raise(state_->subscriber.set_wait_policy(value_or_raise(bus::WaitPolicy::parse(wait_policy))));
  (void)state_->subscriber.stats();  // attaches where there is a topic already
  if (state_->subscriber.error()) raise(*state_->subscriber.error());
}

LogSubscriber::~LogSubscriber() = default;

std::shared_ptr<LogSubscriber::State> LogSubscriber::open_state() const {
  if (state_ == nullptr) raise("Closed", topic_ + ": this subscriber was closed");
  if (state_->owner != ::getpid()) raise("BusError", topic_ + ": this subscriber was " + kForkedText);
  return state_;
}

// `body` of the state, locked, without the GIL.
template <typename Use>
auto LogSubscriber::use(const Use& body) {
  const auto state = open_state();
  const py::gil_scoped_release without_gil;
  const std::lock_guard lock(state->mutex);
  return body(*state);
}

py::object LogSubscriber::take() {
  struct Found {
    bus::LogTaken taken;
    std::vector<std::byte> bytes;
    std::uint64_t schema_id = 0;
    std::optional<Error> error;
  };
  const Found found = use([](State& state) {
    Found result{.taken = state.subscriber.take_next(state.buffer), .schema_id = state.subscriber.schema_id()};
    if (result.taken) result.bytes.assign(state.buffer.begin(), state.buffer.end());
    result.error = state.subscriber.error();
    return result;
  });
  if (found.error) raise(*found.error);
  if (found.taken.status == bus::LogTake::kTooLong)
    raise("Corrupt", topic_ + ": a record longer than the log's longest; it was skipped");
  if (!found.taken) return py::none();
  const bus::LogStamp& stamp = found.taken.stamp;
  return py::make_tuple(bytes_of(found.bytes), stamp.frame_id, stamp.at_ns, found.taken.sequence, found.taken.missed,
                        stamp.keyframe, found.schema_id);
}

bool LogSubscriber::seek(const std::string& from) {
  const bus::LogFrom to = from_of(from);
  return use([to](State& state) {
    const bool there = state.subscriber.span().has_value();  // attaches
    if (there) state.subscriber.seek(to);
    return there;
  });
}
bool LogSubscriber::seek_time(std::uint64_t at_ns) {
  return use([at_ns](State& state) { return state.subscriber.seek_time(at_ns); });
}
bool LogSubscriber::seek_frame(std::uint64_t frame_id) {
  return use([frame_id](State& state) { return state.subscriber.seek_frame(frame_id); });
}

bool LogSubscriber::wait(double seconds) {
  const bool endless = seconds < 0;
  const std::uint64_t deadline = monotonic_ns() + to_ns(duration_of(seconds));
  for (;;) {
    const std::uint64_t now = monotonic_ns();
    const Nanoseconds left = endless ? kSlice : Nanoseconds(deadline > now ? deadline - now : 0);
    const auto [is_new, error] = use([&](State& state) {
      const bool found = state.subscriber.wait(std::min(left, kSlice)) == bus::Wait::kNew;
      return std::pair(found, state.subscriber.error());
    });
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    if (closed()) return false;
    if (error) raise(*error);
    if (is_new || (!endless && monotonic_ns() >= deadline)) return is_new;
  }
}

std::optional<bus::TopicStats> LogSubscriber::stats() {
  return use([](State& state) { return state.subscriber.stats(); });
}
std::optional<bus::LogSpan> LogSubscriber::span() {
  return use([](State& state) { return state.subscriber.span(); });
}
std::string LogSubscriber::metadata() {
  return use([](State& state) { return state.subscriber.metadata(); });
}

// Another thread that waits right now has its own share of the state: it sees closed() at its next look.
void LogSubscriber::close() { state_.reset(); }

void bind_log_subscriber(py::module_& module) {
  py::class_<bus::LogSpan>(module, "LogSpan")
      .def_readonly("records", &bus::LogSpan::records)
      .def_readonly("bytes", &bus::LogSpan::bytes)
      .def_readonly("oldest_at_ns", &bus::LogSpan::oldest_at_ns)
      .def_readonly("newest_at_ns", &bus::LogSpan::newest_at_ns);
  py::class_<LogSubscriber>(module, "LogSubscriber")
      .def(py::init<const std::string&, const std::string&, const bus::Demand&, const std::string&, const std::string&>(),
           py::arg("bus_dir"), py::arg("topic"), py::arg("demand"), py::arg("wait"), py::arg("start"))
      .def("take", &LogSubscriber::take)
      .def("seek", &LogSubscriber::seek)
      .def("seek_time", &LogSubscriber::seek_time)
      .def("seek_frame", &LogSubscriber::seek_frame)
      .def("wait", &LogSubscriber::wait)
      .def("stats", &LogSubscriber::stats)
      .def("span", &LogSubscriber::span)
      .def("metadata", &LogSubscriber::metadata)
      .def("close", &LogSubscriber::close)
      .def_property_readonly("closed", &LogSubscriber::closed)
      .def_property_readonly("topic", &LogSubscriber::topic);
  py::class_<LogWriter>(module, "LogWriter")
      .def(py::init<const std::string&, const std::string&, std::uint64_t, std::uint64_t, std::uint64_t, const std::string&>(),
           py::arg("bus_dir"), py::arg("topic"), py::arg("schema_id"), py::arg("data_bytes"), py::arg("max_record_bytes"),
           py::arg("metadata") = "")
      .def("append", &LogWriter::append, py::arg("record"), py::arg("frame_id"), py::arg("at_ns"), py::arg("keyframe"))
      .def("demand", &LogWriter::demand);
  module.attr("PACKETS_SCHEMA") = kPacketsSchema;
  module.def("packet", &packet);
}

}  // namespace vedette::python
