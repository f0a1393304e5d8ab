#include "model/photo_reader.h"

#include "base/file.h"

namespace vedette::model {

Result<vision::ImageView> PhotoReader::read(const std::string& path) {
  auto content = read_file(path);
  if (!content) return std::move(content).error().in("photo");
  auto decoded = decode(std::as_bytes(std::span(*content)));
  if (!decoded) return std::move(decoded).error().in("photo " + path);
  return image_.view();
}

Result<> PhotoReader::decode(std::span<const std::byte> file) {
  if (planes_ == Planes::kFull) return full_.decode(file, image_);
  VD_ASSIGN(const vision::JpegHeader header, camera_.read_header(file));
  image_.reshape(header.format, header.width, header.height);
  image_.set_color(ColorMatrix::BT601, ColorRange::Full);
  vision::MutableImageView out{header.format, header.width, header.height, {}};
  const int planes = header.format == PixelFormat::GRAY8 ? 1 : 3;
  for (int i = 0; i < planes; ++i) out.planes[static_cast<std::size_t>(i)] = {image_.plane(i), image_.stride(i)};
  return camera_.decode(file, header, 1, out);
}

}  // namespace vedette::model
