// Being the camera in C++17: pictures of one's own as frames that every stage reads. Threads and errors as in <vedette/bus.hpp>.
#ifndef VEDETTE_CAMERA_HPP
#define VEDETTE_CAMERA_HPP

#include <vedette/bus.hpp>

namespace vedette {
inline namespace api0 {

// A picture that is being written.
class Picture {
 public:
  Picture(Slot slot, const vd_layout& layout, const vd_frame_info& made)
      : info(made), slot_(std::move(slot)), layout_(layout), base_(slot_.bytes().data()) {}
  MutablePlane plane(std::size_t index) const {
    if (index >= layout_.plane_count) throw std::out_of_range("the picture has no such plane");
    return {base_ + layout_.offset[index], layout_.stride[index], layout_.row_bytes[index], layout_.rows[index]};
  }
  vd_frame_info info;  // captured_at_ns, matrix and range are yours to set
  Slot& slot() { return slot_; }

 private:
  Slot slot_;
  vd_layout layout_;
  std::uint8_t* base_;
};

// Publishes pictures of one format and size as <name>/frames: a camera to everybody else.
class Camera {
 public:
  Camera(const Bus& bus, const std::string& name, std::uint32_t format, std::uint32_t width, std::uint32_t height)
      : name_(name),
        format_(format),
        width_(width),
        height_(height),
        layout_(layout_of(format, width, height)),
        publisher_(bus.publisher(name + "/frames", options_of(layout_))) {}

  // A picture captured now; none, and counted: every slot is in use.
  std::optional<Picture> loan() {
    std::optional<Slot> slot = publisher_.loan();
    if (!slot) return publisher_.count_drop(), std::nullopt;
    vd_frame_info info;
    detail::checked(vd_frame_info_init(&info, format_, width_, height_, name_.c_str()));
    return Picture(std::move(*slot), layout_, info);
  }
  // Returns its frame id.
  std::uint64_t publish(Picture&& picture) {
    detail::checked(vd_publish_frame(publisher_.c_writer(), &picture.slot().c_slot(), &picture.info));
    return picture.info.frame_id;
  }
  Publisher& publisher() { return publisher_; }

 private:
  static vd_layout layout_of(std::uint32_t format, std::uint32_t width, std::uint32_t height) {
    vd_layout layout;
    detail::checked(vd_frame_layout(format, width, height, &layout));
    return layout;
  }
  static vd_writer_options options_of(const vd_layout& layout) {
    vd_writer_options options = vd_writer_options_default();
    options.schema_id = VD_FRAME_SCHEMA;
    options.slot_bytes = layout.slot_bytes;
    return options;
  }
  std::string name_;
  std::uint32_t format_;
  std::uint32_t width_;
  std::uint32_t height_;
  vd_layout layout_;
  Publisher publisher_;
};

}  // namespace api0
}  // namespace vedette

#endif  // VEDETTE_CAMERA_HPP
