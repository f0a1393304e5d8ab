#include "records.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "errors.h"
#include "publisher.h"
#include "schema/class_names.h"
#include "schema/motion.h"
#include "schema/records.h"
#include "schema/tracks.h"
#include "subscriber.h"
#include "vision/pixel_pass.h"

namespace vedette::python {
namespace {

// Text out of shared memory need not be UTF-8.
py::str to_text(std::string_view text) {
  return py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}
py::str to_text(const flatbuffers::String* text) { return to_text(text != nullptr ? text->string_view() : std::string_view()); }

PixelFormat format_of(const std::string& name) {
  for (const PixelFormat format : schema::EnumValuesPixelFormat())
    if (format != PixelFormat::Unknown && name == to_string(format)) return format;
  raise("InvalidArgument", "pixel format \"" + name + "\"; expected one of I420, NV12, YUYV, GRAY8, RGB24, BGR24");
}

FrameInfo frame_info(const Lease& lease) {
  const auto record = lease.record();
  FrameInfo info;
  if (record.size() < sizeof info) raise("Corrupt", "frame record: shorter than its header");
  std::memcpy(&info, record.data(), sizeof info);
  check_or_raise(check_frame(info, record.size()));
  return info;
}

// (offset, stride, row bytes, rows) of each plane.
std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> planes_of(const FrameInfo& info) {
  std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>> planes;
  for (int plane = 0; plane < plane_count(info.format()); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    const PlaneGeometry extent = plane_extent(info.format(), plane, info.width(), info.height());
    planes.emplace_back(info.plane_offset()->Get(index), info.plane_stride()->Get(index), extent.row_bytes, extent.rows);
  }
  return planes;
}

struct NewFrame {
  FrameInfo info;
  std::size_t slot_bytes;
};

NewFrame new_frame(const std::string& camera, const std::string& format_name, std::uint32_t width, std::uint32_t height,
                   std::uint32_t source_width, std::uint32_t source_height, bool bt709, bool full_range) {
  const PixelFormat format = format_of(format_name);
  const auto sane = [](std::uint32_t side) { return side >= 1 && side <= kMaxSide; };
  if (!sane(width) || !sane(height) || !sane(source_width) || !sane(source_height))
    raise("InvalidArgument", "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                                 " pixels; expected 1 to " + std::to_string(kMaxSide) + " a side");
  const FrameLayout layout = frame_layout(format, width, height);
  NewFrame frame{{}, layout.slot_bytes};
  set_camera(frame.info, camera);
  frame.info.mutate_format(format);
  frame.info.mutate_matrix(bt709 ? ColorMatrix::BT709 : ColorMatrix::BT601);
  frame.info.mutate_range(full_range ? ColorRange::Full : ColorRange::Limited);
  frame.info.mutate_width(width);
  frame.info.mutate_height(height);
  frame.info.mutate_source_width(source_width);
  frame.info.mutate_source_height(source_height);
  for (std::size_t plane = 0; plane < layout.planes.size(); ++plane) {
    const auto index = static_cast<flatbuffers::uoffset_t>(plane);
    frame.info.mutable_plane_offset()->Mutate(index, layout.planes[plane].offset);
    frame.info.mutable_plane_stride()->Mutate(index, layout.planes[plane].stride);
  }
  return frame;
}

// H × W × 3 bytes, as the detector sees the picture (vision::PixelPass). `out`: a contiguous writable buffer.
void to_rgb(const Lease& lease, const FrameInfo& info, const py::buffer& out, std::uint32_t width, std::uint32_t height) {
  const py::buffer_info target = out.request(true);
  const std::size_t pixels = std::size_t{width} * height;
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide || static_cast<std::size_t>(target.size) != 3 * pixels ||
      target.itemsize != 1)
    raise("InvalidArgument", "to_rgb: impossible size " + std::to_string(width) + " x " + std::to_string(height));
  const vision::ImageView image = value_or_raise(vision::image_view(info, lease.record()));
  auto* const bytes = static_cast<std::uint8_t*>(target.ptr);
  const py::gil_scoped_release without_gil;
  vision::PixelPass pass({.width = width, .height = height, .element = vision::Element::kUint8});
  std::vector<std::byte> tensor(3 * pixels);
  (void)pass.run(image, tensor);
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t i = 0; i < pixels; ++i) bytes[3 * i + channel] = static_cast<std::uint8_t>(tensor[channel * pixels + i]);
}

py::dict detections(const Lease& lease) {
  Detections record;
  check_or_raise(read_detections(lease.record(), record));
  py::list boxes;
  for (const Detection& box : record.boxes)
    boxes.append(py::make_tuple(box.class_id(), box.score(), box.x(), box.y(), box.width(), box.height()));
  py::dict fields;
  fields["frame_id"] = record.info.frame_id();
  fields["captured_at_ns"] = record.info.captured_at_ns();
  fields["published_at_ns"] = record.info.published_at_ns();
  fields["inference_ns"] = record.info.inference_ns();
  fields["source_width"] = record.info.source_width();
  fields["source_height"] = record.info.source_height();
  fields["boxes"] = boxes;
  return fields;
}

py::dict motion(const Lease& lease) {
  Motion record;
  check_or_raise(read_motion(lease.record(), record));
  const MotionInfo& info = record.info;
  std::vector<float> zone_area;
  for (std::uint32_t zone = 0; zone < info.zones(); ++zone) zone_area.push_back(info.zone_area()->Get(zone));
  const auto bytes_of = [](const std::vector<std::uint8_t>& cells) {
    return py::bytes(reinterpret_cast<const char*>(cells.data()), cells.size());
  };
  py::dict fields;
  fields["frame_id"] = info.frame_id();
  fields["captured_at_ns"] = info.captured_at_ns();
  fields["published_at_ns"] = info.published_at_ns();
  fields["columns"] = info.columns();
  fields["rows"] = info.rows();
  fields["cell_width"] = info.cell_width();
  fields["cell_height"] = info.cell_height();
  fields["area"] = info.area();
  fields["threshold"] = info.threshold();
  fields["moving"] = info.moving() != 0;
  fields["light_changed"] = info.light_changed() != 0;
  fields["model_skipped"] = info.model_skipped() != 0;
  fields["zone_area"] = py::tuple(py::cast(zone_area));
  fields["cells"] = bytes_of(record.cells);
  fields["luma"] = bytes_of(record.luma);
  return fields;
}

py::dict tracks(const Lease& lease) {
  Tracks record;
  check_or_raise(read_tracks(lease.record(), record));
  py::list all;
  for (const Track& track : record.tracks) {
    py::dict fields;
    fields["id"] = track.id();
    fields["class_id"] = track.class_id();
    fields["phase"] = to_text(to_string(track.phase()));
    fields["score"] = track.score();
    fields["x"] = track.x();
    fields["y"] = track.y();
    fields["width"] = track.width();
    fields["height"] = track.height();
    fields["velocity_x"] = track.velocity_x();
    fields["velocity_y"] = track.velocity_y();
    fields["zones"] = track.zones();
    fields["first_at_ns"] = track.first_at_ns();
    fields["seen_at_ns"] = track.seen_at_ns();
    fields["still_since_ns"] = track.still_since_ns();
    all.append(fields);
  }
  py::dict fields;
  fields["frame_id"] = record.info.frame_id();
  fields["captured_at_ns"] = record.info.captured_at_ns();
  fields["published_at_ns"] = record.info.published_at_ns();
  fields["source_width"] = record.info.source_width();
  fields["source_height"] = record.info.source_height();
  fields["tracks"] = all;
  return fields;
}

using BoxTuple = std::tuple<std::uint16_t, float, float, float, float, float>;

bool publish_detections(Publisher& publisher, std::uint64_t frame_id, const FrameInfo* frame, std::uint64_t captured_at_ns,
                        std::uint64_t inference_ns, std::uint32_t source_width, std::uint32_t source_height,
                        const std::vector<BoxTuple>& boxes) {
  if (boxes.size() > kMaxDetections)
    raise("InvalidArgument", std::to_string(boxes.size()) + " boxes; a record holds at most " + std::to_string(kMaxDetections));
  DetectionsInfo info;
  info.mutate_frame_id(frame_id);
  info.mutate_captured_at_ns(captured_at_ns);
  info.mutate_published_at_ns(monotonic_ns());
  info.mutate_inference_ns(inference_ns);
  info.mutate_source_width(source_width);
  info.mutate_source_height(source_height);
  if (frame != nullptr) info.mutable_trace() = frame->trace();
  std::vector<Detection> found;
  for (const auto& [class_id, score, x, y, width, height] : boxes) found.emplace_back(x, y, width, height, score, class_id, 0);
  std::vector<std::byte> record(kDetectionsSlotBytes);
  record.resize(write_detections(record, info, found));
  Detections checked;
  if (const Result<> good = read_detections(record, checked); !good) raise("InvalidArgument", good.error().text);
  return publisher.publish_bytes(record, frame_id);
}

py::str mode_text(Mode mode) {
  if (!is_mode(mode)) raise("Corrupt", "record: mode " + std::to_string(static_cast<int>(mode)) + ", which there isn't");
  return to_text(to_string(mode));
}

py::dict control_fields(std::span<const std::byte> record) {
  RecordBuffer buffer;
  const auto* control = value_or_raise(copy_record<schema::Control>(record, buffer));
  py::dict fields;
  fields["mode"] = mode_text(control->mode());
  fields["detect_fps"] = control->detect_fps();
  fields["paused"] = control->paused();
  fields["session"] = control->session();
  fields["heartbeat_at_ns"] = control->heartbeat_at_ns();
  fields["forced"] = control->forced();
  fields["detecting"] = control->detecting();
  return fields;
}

py::dict state_fields(std::span<const std::byte> record) {
  RecordBuffer buffer;
  const auto* state = value_or_raise(copy_record<schema::State>(record, buffer));
  py::dict fields;
  fields["mode"] = mode_text(state->mode());
  fields["previous_mode"] = mode_text(state->previous_mode());
  fields["since_ns"] = state->since_ns();
  fields["heartbeat_at_ns"] = state->heartbeat_at_ns();
  fields["paused"] = state->paused();
  fields["last_frame_id"] = state->last_frame_id();
  fields["targets"] = state->targets();
  fields["detections_stale"] = state->detections_stale();
  fields["still"] = state->still();
  fields["detecting"] = state->detecting();
  fields["threshold"] = state->threshold();
  fields["forced"] = state->forced();
  py::list counts;
  if (state->counts() != nullptr)
    for (const schema::Count* count : *state->counts())
      counts.append(
          py::make_tuple(to_text(count->place()), to_text(count->label()), count->inside(), count->into(), count->out_of()));
  fields["counts"] = counts;
  return fields;
}

py::dict event_fields(std::span<const std::byte> record) {
  RecordBuffer buffer;
  const auto* event = value_or_raise(copy_record<schema::Event>(record, buffer));
  py::dict fields;
  fields["id"] = event->id();
  fields["kind"] = to_text(to_string(event->kind()));
  fields["at_ns"] = event->at_ns();
  fields["wall_at_ns"] = event->wall_at_ns();
  fields["frame_id"] = event->frame_id();
  fields["label"] = to_text(event->label());
  fields["score"] = event->score();
  fields["text"] = to_text(event->text());
  fields["phase"] = to_text(to_string(event->phase()));
  fields["rule"] = to_text(event->rule());
  fields["zone"] = to_text(event->zone());
  fields["track_id"] = event->track_id();
  fields["started_at_ns"] = event->started_at_ns();
  fields["started_wall_at_ns"] = event->started_wall_at_ns();
  fields["best_frame_id"] = event->best_frame_id();
  fields["best_captured_at_ns"] = event->best_captured_at_ns();
  fields["x"] = event->x();
  fields["y"] = event->y();
  fields["width"] = event->width();
  fields["height"] = event->height();
  return fields;
}

py::dict media_fields(std::span<const std::byte> record) {
  RecordBuffer buffer;
  const auto* media = value_or_raise(copy_record<schema::Media>(record, buffer));
  py::dict fields;
  fields["event_id"] = media->event_id();
  fields["kind"] = to_text(to_string(media->kind()));
  fields["at_ns"] = media->at_ns();
  fields["path"] = to_text(media->path());
  fields["frame_id"] = media->frame_id();
  fields["bytes"] = media->bytes();
  fields["duration_ms"] = media->duration_ms();
  return fields;
}

void bind_frame_info(py::module_& module) {
  py::class_<FrameInfo>(module, "FrameInfo")
      .def_property_readonly("frame_id", &FrameInfo::frame_id)
      .def_property_readonly("captured_at_ns", &FrameInfo::captured_at_ns)
      .def_property_readonly("published_at_ns", &FrameInfo::published_at_ns)
      .def_property_readonly("wall_at_ns", &FrameInfo::wall_at_ns)
      .def_property_readonly("width", &FrameInfo::width)
      .def_property_readonly("height", &FrameInfo::height)
      .def_property_readonly("source_width", &FrameInfo::source_width)
      .def_property_readonly("source_height", &FrameInfo::source_height)
      .def_property_readonly("camera", [](const FrameInfo& info) { return to_text(camera_of(info)); })
      .def_property_readonly("format", [](const FrameInfo& info) { return to_text(to_string(info.format())); })
      .def_property_readonly("matrix",
                             [](const FrameInfo& info) { return info.matrix() == ColorMatrix::BT709 ? "bt709" : "bt601"; })
      .def_property_readonly("full_range", [](const FrameInfo& info) { return info.range() == ColorRange::Full; })
      .def_property_readonly("mode", [](const FrameInfo& info) { return to_text(to_string(info.mode())); })
      .def_property_readonly("planes", planes_of);
  py::class_<NewFrame>(module, "NewFrame")
      .def(py::init(&new_frame), py::arg("camera"), py::arg("format"), py::arg("width"), py::arg("height"),
           py::arg("source_width"), py::arg("source_height"), py::arg("bt709"), py::arg("full_range"))
      .def_readonly("slot_bytes", &NewFrame::slot_bytes)
      .def_property_readonly("planes", [](const NewFrame& frame) { return planes_of(frame.info); })
      // frame_id 0: the topic's next one.
      .def("publish", [](const NewFrame& frame, Publisher& publisher, Loan& loan, std::uint64_t frame_id,
                         std::uint64_t captured_at_ns, bool keep_loan) {
        FrameInfo info = frame.info;
        info.mutate_frame_id(frame_id);
        info.mutate_captured_at_ns(captured_at_ns);
        return publisher.publish_frame(loan, info, frame.slot_bytes, keep_loan);
      });
}

}  // namespace

void bind_records(py::module_& module) {
  bind_frame_info(module);
  module.def("frame_info", frame_info);
  module.def("to_rgb", to_rgb);
  module.def("detections", detections);
  module.def("publish_detections", publish_detections);
  module.def("motion", motion);
  module.def("tracks", tracks);
  module.def("control", [](const Lease& lease) { return control_fields(lease.record()); });
  module.def("state", [](const Lease& lease) { return state_fields(lease.record()); });
  module.def("event", [](const Lease& lease) { return event_fields(lease.record()); });
  module.def("media", [](const Lease& lease) { return media_fields(lease.record()); });
  module.def("join_class_names", [](const std::vector<std::string>& names) { return join_class_names(names); });
  module.def("split_class_names", [](const std::string& text) { return split_class_names(text); });
  module.attr("FRAME_SCHEMA") = kFrameSchema;
  module.attr("DETECTIONS_SCHEMA") = kDetectionsSchema;
  module.attr("MOTION_SCHEMA") = kMotionSchema;
  module.attr("TRACKS_SCHEMA") = kTracksSchema;
  module.attr("CONTROL_SCHEMA") = kControlSchema;
  module.attr("STATE_SCHEMA") = kStateSchema;
  module.attr("EVENT_SCHEMA") = kEventSchema;
  module.attr("MEDIA_SCHEMA") = kMediaSchema;
  module.attr("DETECTIONS_SLOT_BYTES") = kDetectionsSlotBytes;
}

}  // namespace vedette::python
