// A log's reader for Python: bus::LogSubscriber with a lock, so that any Python thread may use it; records are Python bytes,
// copies. Waiting releases the GIL and comes up for signals. After a fork the child's copies refuse to work.
#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "bus/log.h"

namespace vedette::python {

namespace py = pybind11;

class LogSubscriber {
 public:
  LogSubscriber(const std::string& bus_dir, const std::string& topic, const bus::Demand& demand, const std::string& wait_policy,
                const std::string& from);
  ~LogSubscriber();

  // (bytes, frame_id, at_ns, sequence, missed, keyframe, schema_id), or None. Raises what keeps it from attaching.
  py::object take();
  bool seek(const std::string& from);
  bool seek_time(std::uint64_t at_ns);
  bool seek_frame(std::uint64_t frame_id);
  // False: the time is up, or it was closed. Negative: no time-out.
  bool wait(double seconds);
  std::optional<bus::TopicStats> stats();
  std::optional<bus::LogSpan> span();
  std::string metadata();
  void close();
  bool closed() const { return state_ == nullptr; }
  std::string topic() const { return topic_; }

 private:
  struct State;
  std::shared_ptr<State> open_state() const;
  template <typename Use>
  auto use(const Use& body);

  std::shared_ptr<State> state_;  // guarded by the GIL; null once closed
  const std::string topic_;
};

void bind_log_subscriber(py::module_& module);

}  // namespace vedette::python
