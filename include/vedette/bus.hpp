// The bus in C++17, header-only over the C API (<vedette/bus.h>, <vedette/frame.h>): programs depend on the C library's ABI
// alone. What is ordinary (nothing new, no free slot) is an empty optional or false; an error is thrown as vedette::Error with
// the library's sentence. Objects own what they stand for and let go of it when they end; they may end in any order.
//
// Threads: a Bus: any. A Subscriber, Publisher or Camera: one thread at a time. Records, Frames, Slots, Helds: move them where
// you like.
#ifndef VEDETTE_BUS_HPP
#define VEDETTE_BUS_HPP

#include <vedette/frame.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vedette {
inline namespace api0 {

class Error : public std::runtime_error {
 public:
  explicit Error(vd_status status) : std::runtime_error(vd_last_error()), status_(status) {}
  vd_status status() const noexcept { return status_; }

 private:
  vd_status status_;
};

namespace detail {
// The status if it is an ordinary one.
inline vd_status checked(vd_status status) {
  if (status < 0) throw Error(status);
  return status;
}
inline std::int64_t to_ns(std::chrono::nanoseconds duration) { return duration.count() < 0 ? 0 : duration.count(); }
}  // namespace detail

// Bytes that lie somewhere else; becomes a std::span where there is one.
template <typename Byte>
class BasicBytes {
 public:
  BasicBytes(Byte* data, std::size_t size) : data_(data), size_(size) {}
  Byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  Byte* begin() const { return data_; }
  Byte* end() const { return data_ + size_; }
  Byte& operator[](std::size_t index) const { return data_[index]; }

 private:
  Byte* data_;
  std::size_t size_;
};
using Bytes = BasicBytes<const std::uint8_t>;
using MutableBytes = BasicBytes<std::uint8_t>;

// One plane of a picture. `stride`: bytes from row to row.
template <typename Byte>
struct BasicPlane {
  Byte* data;
  std::size_t stride;
  std::size_t row_bytes;
  std::size_t rows;
  BasicBytes<Byte> row(std::size_t y) const { return {data + y * stride, row_bytes}; }
};
using Plane = BasicPlane<const std::uint8_t>;
using MutablePlane = BasicPlane<std::uint8_t>;

// A taken record: its bytes don't change while it lives.
class Record {
 public:
  Record(std::shared_ptr<vd_reader> reader, const vd_record& record) : reader_(std::move(reader)), record_(record) {}
  Record(Record&& other) noexcept : reader_(std::move(other.reader_)), record_(std::exchange(other.record_, vd_record())) {}
  Record& operator=(Record&& other) noexcept {
    std::swap(reader_, other.reader_);
    std::swap(record_, other.record_);
    return *this;
  }
  ~Record() {
    if (reader_) vd_release(reader_.get(), &record_);
  }

  Bytes bytes() const { return {static_cast<const std::uint8_t*>(record_.data), static_cast<std::size_t>(record_.bytes)}; }
  std::uint64_t frame_id() const { return record_.frame_id; }
  std::uint64_t sequence() const { return record_.sequence; }
  std::uint64_t missed() const { return record_.missed; }  // published between the one taken before and this one
  const vd_record& c_record() const { return record_; }

 private:
  std::shared_ptr<vd_reader> reader_;
  vd_record record_;
};

// A record of a frames topic, checked: every plane lies inside it. Throws VD_CORRUPT.
class Frame {
 public:
  explicit Frame(Record record) : record_(std::move(record)) { detail::checked(vd_frame_read(&record_.c_record(), &frame_)); }

  const vd_frame_info& info() const { return frame_.info; }
  std::uint64_t frame_id() const { return frame_.info.frame_id; }
  std::uint32_t width() const { return frame_.info.width; }
  std::uint32_t height() const { return frame_.info.height; }
  int format() const { return frame_.info.format; }  // VD_I420, …
  std::string_view camera() const { return frame_.info.camera; }
  std::chrono::nanoseconds age() const { return std::chrono::nanoseconds(vd_now_ns() - frame_.info.captured_at_ns); }
  std::size_t plane_count() const { return frame_.plane_count; }
  Plane plane(std::size_t index) const {
    if (index >= frame_.plane_count) throw std::out_of_range("the picture has no such plane");
    const vd_plane& plane = frame_.planes[index];
    return {plane.data, plane.stride, plane.row_bytes, plane.rows};
  }
  const Record& record() const { return record_; }

 private:
  Record record_;
  vd_frame frame_;
};

// What <camera>/detections carries under a frame's id.
struct Detections {
  vd_detections_info info = {};
  std::vector<vd_detection> boxes;
};

// Copies a detections record out, checked. Throws VD_CORRUPT.
inline Detections read_detections(const Record& record) {
  Detections detections;
  detections.boxes.resize(VD_MAX_DETECTIONS);
  detail::checked(vd_detections_read(&record.c_record(), &detections.info, detections.boxes.data(), VD_MAX_DETECTIONS));
  detections.boxes.resize(detections.info.count);
  return detections;
}

class Subscriber {
 public:
  explicit Subscriber(std::shared_ptr<vd_reader> reader) : reader_(std::move(reader)) {}

  // The newest, if newer than the last taken.
  std::optional<Record> newest() { return taken(&vd_take_newest); }
  // The oldest kept that is newer than the last taken.
  std::optional<Record> next() { return taken(&vd_take_next); }
  // The record of this frame id. None: not yet, or (`never`, if given, becomes true) never.
  std::optional<Record> find(std::uint64_t frame_id, bool* never = nullptr) {
    vd_record record;
    const vd_status status = detail::checked(vd_find(reader_.get(), frame_id, &record));
    if (never != nullptr) *never = status == VD_NEVER;
    if (status != VD_OK) return std::nullopt;
    return Record(reader_, record);
  }
  // Until something newer than the last taken is there. False: timeout.
  bool wait(std::chrono::nanoseconds timeout) { return detail::checked(vd_wait(reader_.get(), detail::to_ns(timeout))) == VD_OK; }
  // Waits for, takes and checks the newest frame.
  std::optional<Frame> newest_frame(std::chrono::nanoseconds timeout) {
    if (!wait(timeout)) return std::nullopt;
    std::optional<Record> record = newest();
    if (!record) return std::nullopt;
    return Frame(std::move(*record));
  }

  // VD_WAIT_BLOCK, VD_WAIT_SPIN (on a core of this thread's own), or VD_WAIT_HYBRID, which spins so long before it blocks.
  void set_wait(std::uint32_t policy, std::chrono::nanoseconds spin = std::chrono::microseconds(50)) {
    detail::checked(vd_reader_set_wait(reader_.get(), policy, detail::to_ns(spin)));
  }
  void set_demand(const vd_demand& demand) { detail::checked(vd_reader_set_demand(reader_.get(), &demand)); }
  // None while there is no such topic.
  std::optional<vd_stats> stats() {
    vd_stats stats;
    const vd_status status = vd_reader_stats(reader_.get(), &stats);
    if (status == VD_NOT_FOUND) return std::nullopt;
    detail::checked(status);
    return stats;
  }
  // The topic's fixed text, say class names, one a line. Empty while there is no such topic.
  std::string metadata() {
    vd_topic_info about;
    const vd_status status = vd_reader_about(reader_.get(), &about);
    if (status == VD_NOT_FOUND) return {};
    detail::checked(status);
    return std::string(about.metadata, about.metadata_bytes);
  }
  vd_reader* c_reader() const { return reader_.get(); }

 private:
  std::optional<Record> taken(vd_status (*take)(vd_reader*, vd_record*)) {
    vd_record record;
    if (detail::checked(take(reader_.get(), &record)) != VD_OK) return std::nullopt;
    return Record(reader_, record);
  }
  std::shared_ptr<vd_reader> reader_;
};

// Until any of the subscribers has something new. False: timeout.
inline bool wait_any(const std::vector<Subscriber*>& subscribers, std::chrono::nanoseconds timeout) {
  std::vector<vd_reader*> readers;
  for (const Subscriber* subscriber : subscribers) readers.push_back(subscriber->c_reader());
  return detail::checked(vd_wait_any(readers.data(), readers.size(), detail::to_ns(timeout))) == VD_OK;
}

// Subscribers in an event loop: fd() is readable when any of them has something new; then take, then rearm(). One thread.
class Events {
 public:
  explicit Events(const std::vector<Subscriber*>& subscribers) {
    std::vector<vd_reader*> readers;
    for (const Subscriber* subscriber : subscribers) readers.push_back(subscriber->c_reader());
    vd_events* events = nullptr;
    detail::checked(vd_events_open(readers.data(), readers.size(), &events));
    events_.reset(events, vd_events_close);
  }
  int fd() const { return vd_events_fd(events_.get()); }
  void rearm() { detail::checked(vd_events_rearm(events_.get())); }

 private:
  std::shared_ptr<vd_events> events_;
};

// A slot on loan, or one that is held after publishing. Given back when it ends.
class Slot {
 public:
  Slot(std::shared_ptr<vd_writer> writer, const vd_slot& slot) : writer_(std::move(writer)), slot_(slot) {}
  Slot(Slot&& other) noexcept : writer_(std::move(other.writer_)), slot_(std::exchange(other.slot_, vd_slot())) {}
  Slot& operator=(Slot&& other) noexcept {
    std::swap(writer_, other.writer_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Slot() {
    if (writer_ && slot_.loan != 0) vd_slot_release(writer_.get(), &slot_);
  }
  MutableBytes bytes() const { return {static_cast<std::uint8_t*>(slot_.data), static_cast<std::size_t>(slot_.bytes)}; }
  vd_slot& c_slot() { return slot_; }

 private:
  std::shared_ptr<vd_writer> writer_;
  vd_slot slot_;
};

// A published slot that is still read here and reused by nobody.
class Held {
 public:
  explicit Held(Slot slot) : slot_(std::move(slot)) {}
  Bytes bytes() const { return {slot_.bytes().data(), slot_.bytes().size()}; }

 private:
  Slot slot_;
};

class Publisher {
 public:
  explicit Publisher(std::shared_ptr<vd_writer> writer) : writer_(std::move(writer)) {}

  // None: every slot is in use.
  std::optional<Slot> loan() {
    vd_slot slot;
    if (detail::checked(vd_loan(writer_.get(), &slot)) != VD_OK) return std::nullopt;
    return Slot(writer_, slot);
  }
  // Makes the slot's first `bytes` visible.
  void publish(Slot&& slot, std::uint64_t frame_id, std::size_t bytes) {
    detail::checked(vd_publish(writer_.get(), &slot.c_slot(), frame_id, bytes));
  }
  Held publish_held(Slot&& slot, std::uint64_t frame_id, std::size_t bytes) {
    detail::checked(vd_publish_held(writer_.get(), &slot.c_slot(), frame_id, bytes));
    return Held(std::move(slot));
  }
  // The same from memory of one's own. False, and counted: no free slot.
  bool publish(std::uint64_t frame_id, const void* data, std::size_t bytes) {
    std::optional<Slot> slot = loan();
    if (!slot) return count_drop();
    if (bytes <= slot->bytes().size()) std::memcpy(slot->bytes().data(), data, bytes);  // else publish() says why not
    publish(std::move(*slot), frame_id, bytes);
    return true;
  }
  // Boxes under the frame id of `info`. False, and counted: no free slot.
  bool publish(const Detections& detections) {
    std::optional<Slot> slot = loan();
    if (!slot) return count_drop();
    std::uint64_t bytes = 0;
    detail::checked(vd_detections_write(&slot->c_slot(), &detections.info, detections.boxes.data(),
                                        static_cast<std::uint32_t>(detections.boxes.size()), &bytes));
    publish(std::move(*slot), detections.info.frame_id, static_cast<std::size_t>(bytes));
    return true;
  }

  std::uint64_t next_frame_id() {
    std::uint64_t id = 0;
    detail::checked(vd_next_frame_id(writer_.get(), &id));
    return id;
  }
  // At least every 250 ms, also while there is nothing to publish.
  void beat() { detail::checked(vd_beat(writer_.get())); }
  void resize(const vd_writer_options& options) { detail::checked(vd_writer_resize(writer_.get(), &options)); }
  vd_demand demand() {
    vd_demand demand;
    detail::checked(vd_writer_demand(writer_.get(), &demand));
    return demand;
  }
  // Until a reader's demand changed. False: timeout.
  bool wait_demand(std::chrono::nanoseconds timeout) {
    return detail::checked(vd_writer_wait_demand(writer_.get(), detail::to_ns(timeout))) == VD_OK;
  }
  vd_stats stats() {
    vd_stats stats;
    detail::checked(vd_writer_stats(writer_.get(), &stats));
    return stats;
  }
  // Counts a record that found no slot.
  bool count_drop() {
    detail::checked(vd_count_drop(writer_.get()));
    return false;
  }
  // Removes the topic. Nothing else works afterwards.
  void remove() { detail::checked(vd_writer_remove(writer_.get())); }
  vd_writer* c_writer() const { return writer_.get(); }

 private:
  std::shared_ptr<vd_writer> writer_;
};

class Bus {
 public:
  // "": the default bus directory.
  explicit Bus(const std::string& path = std::string()) {
    vd_bus* bus = nullptr;
    detail::checked(vd_bus_open(path.c_str(), &bus));
    bus_.reset(bus, vd_bus_close);
  }

  std::vector<std::string> topics() const {
    std::size_t count = 0;
    std::vector<vd_topic> names(64);
    do names.resize(names.size() + count);  // more than fit: once more
    while (detail::checked(vd_bus_topics(bus_.get(), names.data(), names.size(), &count)), count > names.size());
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.emplace_back(names[i].name);
    return texts;
  }
  // A topic needn't exist yet.
  Subscriber subscribe(const std::string& topic, const vd_reader_options& options = vd_reader_options_default()) const {
    vd_reader* reader = nullptr;
    detail::checked(vd_reader_open(bus_.get(), topic.c_str(), &options, &reader));
    return Subscriber(std::shared_ptr<vd_reader>(reader, vd_reader_close));
  }
  Publisher publisher(const std::string& topic, const vd_writer_options& options) const {
    vd_writer* writer = nullptr;
    detail::checked(vd_writer_open(bus_.get(), topic.c_str(), &options, &writer));
    return Publisher(std::shared_ptr<vd_writer>(writer, vd_writer_close));
  }
  // A topic of detections. `classes`: names, one a line.
  Publisher detections_publisher(const std::string& topic, const std::string& classes) const {
    vd_writer_options options = vd_writer_options_default();
    options.schema_id = VD_DETECTIONS_SCHEMA;
    options.slot_bytes = VD_DETECTIONS_BYTES(VD_MAX_DETECTIONS);
    options.keep = 64;
    options.policy = VD_OLDEST_FIRST;
    options.metadata = classes.data();
    options.metadata_bytes = classes.size();
    return publisher(topic, options);
  }

  vd_bus* c_bus() const { return bus_.get(); }

 private:
  std::shared_ptr<vd_bus> bus_;
};

}  // namespace api0
}  // namespace vedette

#endif  // VEDETTE_BUS_HPP
