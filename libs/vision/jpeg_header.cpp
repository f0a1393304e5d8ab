// A JPEG's header without libjpeg, which sets up a whole decompressor for it: this is done for every picture of every camera,
// also when nobody wants pixels. What libjpeg then says of the same file has to be the same (JpegPlanesDecoder::decode()
// compares).
#include <cstring>
#include <string>

#include "vision/jpeg_planes.h"

namespace vedette::vision {
namespace {

// Markers, ITU-T T.81 table B.1.
constexpr unsigned kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA, kTemporary = 0x01, kRestart0 = 0xD0, kRestart7 = 0xD7;
constexpr unsigned kApp0 = 0xE0, kApp14 = 0xEE;
constexpr unsigned kBaseline = 0xC0, kExtended = 0xC1, kProgressive = 0xC2, kArithmetic = 0xC9, kArithmeticProgressive = 0xCA;
constexpr unsigned kHuffmanTables = 0xC4, kExtensions = 0xC8, kArithmeticTables = 0xCC, kLastFrame = 0xCF;

struct ComponentFactors {
  unsigned id, across, down;
};

// What the segments in front of the first scan say.
struct Segments {
  bool has_frame = false;
  bool is_jfif = false;
  bool is_adobe = false;
  unsigned adobe_transform = 0;
  std::uint32_t width = 0, height = 0;
  unsigned count = 0;
  ComponentFactors components[3]{};
};

Error refuse(const std::string& why) { return Error{ErrorCode::kCorrupt, "JPEG: " + why}; }

bool is_frame(unsigned marker) {
  return marker >= kBaseline && marker <= kLastFrame && marker != kHuffmanTables && marker != kExtensions &&
         marker != kArithmeticTables;
}

class HeaderReader {
 public:
  explicit HeaderReader(std::span<const std::byte> file) : file_(file) {}

  Result<Segments> read() {
    if (file_.size() < 2 || at(0) != 0xFF || at(1) != kStart) return refuse("it doesn't start as a JPEG does");
    position_ = 2;
    for (;;) {
      const unsigned marker = next_marker();
      if (marker == 0) return refuse("it ends within its header");
      if (marker == kScan) {
        if (!segments_.has_frame) return refuse("a scan comes before the frame's header");
        return segments_;
      }
      if (marker == kEnd) return refuse("it holds no picture");
      if (marker == kStart) return refuse("it starts twice");
      if (marker == kTemporary || (marker >= kRestart0 && marker <= kRestart7)) continue;  // these are alone
      if (file_.size() - position_ < 2) return refuse("it ends within its header");
      const std::size_t length = at(position_) << 8 | at(position_ + 1);
      if (length < 2) return refuse("a segment has no length");
      if (file_.size() - position_ < length) return refuse("it ends within its header");
      VD_TRY(take(marker, file_.subspan(position_ + 2, length - 2)));
      position_ += length;
    }
  }

 private:
  unsigned at(std::size_t index) const { return std::to_integer<unsigned>(file_[index]); }
  static unsigned in(std::span<const std::byte> body, std::size_t index) { return std::to_integer<unsigned>(body[index]); }
  static bool begins(std::span<const std::byte> body, std::string_view text) {
    return body.size() >= text.size() && std::memcmp(body.data(), text.data(), text.size()) == 0;
  }

  // Behind whatever stands in front of it; 0: there is none.
  unsigned next_marker() {
    while (position_ < file_.size()) {
      if (at(position_++) != 0xFF) continue;
      while (position_ < file_.size() && at(position_) == 0xFF) ++position_;  // filling
      if (position_ < file_.size() && at(position_) != 0) return at(position_++);
    }
    return 0;
  }

  Result<> take(unsigned marker, std::span<const std::byte> body) {
    if (marker == kApp0 && body.size() >= 14 && begins(body, std::string_view("JFIF\0", 5))) segments_.is_jfif = true;
    if (marker == kApp14 && body.size() >= 12 && begins(body, "Adobe")) {
      segments_.is_adobe = true;
      segments_.adobe_transform = in(body, 11);
    }
    return is_frame(marker) ? take_frame(marker, body) : Result<>();
  }

  Result<> take_frame(unsigned marker, std::span<const std::byte> body) {
    if (segments_.has_frame) return refuse("it has two frame headers");
    if (marker != kBaseline && marker != kExtended && marker != kProgressive && marker != kArithmetic &&
        marker != kArithmeticProgressive)
      return refuse("it is coded in a way that nobody uses");
    if (body.size() < 6) return refuse("its frame header is too short");
    segments_.has_frame = true;
    segments_.height = in(body, 1) << 8 | in(body, 2);
    segments_.width = in(body, 3) << 8 | in(body, 4);
    segments_.count = in(body, 5);
    if (in(body, 0) != 8) return refuse(std::to_string(in(body, 0)) + " bits a sample, expected 8");
    if (segments_.width == 0 || segments_.height == 0) return refuse("it doesn't say its size");
    if (segments_.count != 1 && segments_.count != 3) return refuse("neither YCbCr nor grey");
    if (body.size() != 6 + 3 * std::size_t{segments_.count}) return refuse("its frame header has the wrong length");
    for (unsigned index = 0; index < segments_.count; ++index) {
      const unsigned factors = in(body, 7 + 3 * index);
      segments_.components[index] = {in(body, 6 + 3 * index), factors >> 4, factors & 15};
      if (factors >> 4 < 1 || factors >> 4 > 4 || (factors & 15) < 1 || (factors & 15) > 4)
        return refuse("its sampling factors are impossible");
    }
    return {};
  }

  std::span<const std::byte> file_;
  std::size_t position_ = 0;
  Segments segments_;
};

// As libjpeg guesses it (jdapimin.c): JFIF is YCbCr, Adobe says, else by the components' names.
bool is_rgb(const Segments& segments) {
  if (segments.is_jfif) return false;
  if (segments.is_adobe) return segments.adobe_transform == 0;
  const ComponentFactors* c = segments.components;
  return c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B';
}

}  // namespace

Result<JpegHeader> read_jpeg_header(std::span<const std::byte> file) {
  VD_ASSIGN(const Segments segments, HeaderReader(file).read());
  if (segments.width > kMaxSide || segments.height > kMaxSide)
    return refuse(std::to_string(segments.width) + "x" + std::to_string(segments.height) + " is larger than " +
                  std::to_string(kMaxSide) + " a side");
  if (segments.count == 1) return JpegHeader{segments.width, segments.height, PixelFormat::GRAY8};
  if (is_rgb(segments)) return refuse("neither YCbCr nor grey");
  const auto [luma, cb, cr] = segments.components;
  const unsigned across = luma.across / cb.across, down = luma.down / cb.down;
  const auto is_power = [](unsigned factor) { return factor == 1 || factor == 2 || factor == 4; };
  if (cb.across != cr.across || cb.down != cr.down || luma.across % cb.across != 0 || luma.down % cb.down != 0 ||
      !is_power(across) || !is_power(down))
    return refuse("its chroma is sampled in an unusual way");
  return JpegHeader{segments.width, segments.height, PixelFormat::I420, across, down};
}

int jpeg_scale(std::uint32_t width, std::uint32_t height, std::uint32_t wanted_width, std::uint32_t wanted_height) {
  if (wanted_width == 0 || wanted_height == 0) return 1;
  for (const int denominator : {8, 4, 2}) {
    if (scaled_side(width, denominator) >= wanted_width && scaled_side(height, denominator) >= wanted_height) return denominator;
  }
  return 1;
}

std::uint32_t scaled_side(std::uint32_t pixels, int denominator) {
  const auto by = static_cast<std::uint32_t>(denominator);
  return (pixels + by - 1) / by;
}

}  // namespace vedette::vision
