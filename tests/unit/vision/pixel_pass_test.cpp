#include "vision/pixel_pass.h"

#include "support/simd_targets.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pixel_reference.h"

namespace vedette::vision {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::I420,  PixelFormat::NV12,  PixelFormat::YUYV,
                                    PixelFormat::GRAY8, PixelFormat::RGB24, PixelFormat::BGR24};

// What 16 bits lose, in steps of a byte, beside the half that rounding may.
constexpr double kLost = 0.1;

// The value of a binary16 (IEEE 754 section 3.4).
double half_value(hwy::float16_t half) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, &half, sizeof bits);
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

Region whole(const ImageView& v) { return {0, 0, v.width, v.height}; }

std::vector<float> run(PixelPass& pass, const ImageView& v, const Region& region) {
  std::vector<float> tensor(pass.spec().elements(), NAN);
  pass.run(v, region, std::as_writable_bytes(std::span(tensor)));
  return tensor;
}

void expect_close(const std::vector<float>& tensor, const std::vector<double>& exact, const TensorSpec& spec,
                  const std::string& what, double lost = kLost) {
  ASSERT_EQ(tensor.size(), exact.size());
  double off = 0, broken = 0;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const std::size_t c = i / (std::size_t{spec.width} * spec.height);
    ASSERT_TRUE(std::isfinite(tensor[i])) << what << " at " << i;
    if (std::isnan(exact[i])) continue;
    const double pixel = (double(tensor[i]) * spec.deviation[c] + spec.mean[c]) / spec.scale;
    off = std::max(off, std::abs(pixel - exact[i]));
    broken = std::max(broken, std::abs(pixel - std::round(pixel)));
  }
  EXPECT_LT(broken, 0.001) << what;
  EXPECT_LT(off, 0.5 + lost) << what;
}

std::string describe(const ImageView& v, const Region& region, const TensorSpec& spec) {
  return std::string(to_string(v.format)) + " " + std::to_string(v.width) + "x" + std::to_string(v.height) + " of it " +
         std::to_string(region.width) + "x" + std::to_string(region.height) + "+" + std::to_string(region.x) + "+" +
         std::to_string(region.y) + " to " + std::to_string(spec.width) + "x" + std::to_string(spec.height) + " fit " +
         std::to_string(int(spec.fit)) + " filter " + std::to_string(int(spec.filter)) + " order " +
         std::to_string(int(spec.order)) + " matrix " + std::to_string(int(v.matrix)) + " range " + std::to_string(int(v.range));
}

void expect_golden(const ImageView& v, const Region& region, const TensorSpec& spec, std::uint32_t every_row = 1) {
  const std::vector<double> exact = reference(v, region, spec, every_row);
  test::for_each_simd_target([&] {
    PixelPass pass(spec);
    expect_close(run(pass, v, region), exact, spec, describe(v, region, spec));
  });
}

// Every way to fit, filter and order, with the numbers of families that have them.
std::vector<TensorSpec> specs(std::uint32_t width, std::uint32_t height) {
  std::vector<TensorSpec> all;
  for (const Fit fit : {Fit::kStretch, Fit::kLetterbox})
    for (const Filter filter : {Filter::kBilinear, Filter::kAntialiased})
      for (const ColorOrder order : {ColorOrder::kRgb, ColorOrder::kBgr}) {
        TensorSpec spec{.width = width, .height = height, .fit = fit, .filter = filter, .order = order};
        if (filter == Filter::kAntialiased) {
          spec.scale = 1.0f / 255.0f;
          spec.mean = {0.485f, 0.456f, 0.406f};
          spec.deviation = {0.229f, 0.224f, 0.225f};
        } else if (order == ColorOrder::kBgr) {
          spec.pad = {104.0f, 116.0f, 124.0f};
          spec.mean = {103.53f, 116.28f, 123.675f};
          spec.deviation = {57.375f, 57.12f, 58.395f};
        }
        all.push_back(spec);
      }
  return all;
}

// Bytes that are 0 or 255: the worst for fixed point.
void harden(TestPicture& picture) {
  for (auto& plane : picture.planes)
    for (std::uint8_t& byte : plane) byte = byte & 1 ? 255 : 0;
}

TEST(PixelPass, IsGoldenForEveryFormatColourAndSpec) {
  for (const auto& [width, height] :
       {std::pair{26u, 18u}, {33u, 27u}, {17u, 11u}, {7u, 5u}, {1u, 1u}, {2u, 3u}, {64u, 3u}, {3u, 61u}})
    for (const TensorSpec& spec : specs(17, 11))
      for (const PixelFormat format : kFormats)
        for (const ColorMatrix matrix : {ColorMatrix::BT601, ColorMatrix::BT709})
          for (const ColorRange range : {ColorRange::Limited, ColorRange::Full}) {
            TestPicture picture = make_picture(format, width, height, matrix, range);
            if (range == ColorRange::Full) harden(picture);
            expect_golden(picture.view, whole(picture.view), spec);
          }
}

TEST(PixelPass, IsGoldenForTheSizesOfModelsAndCameras) {
  using Size = std::pair<std::uint32_t, std::uint32_t>;
  struct Camera {
    Size size;
    std::vector<Size> tensors;
  };
  const Camera cameras[] = {{{1920, 1080}, {{320, 320}, {384, 384}, {416, 416}, {512, 512}, {640, 640}, {640, 384}}},
                            {{3840, 2160}, {{512, 512}}},
                            {{1080, 1920}, {{384, 384}}},
                            {{640, 480}, {{640, 640}, {416, 416}}},
                            {{160, 120}, {{512, 512}}},
                            {{1279, 719}, {{331, 333}}},
                            {{960, 540}, {{512, 288}}}};
  std::size_t turn = 0;
  for (const Camera& camera : cameras)
    for (const PixelFormat format : kFormats) {
      const auto& [width, height] = camera.size;
      TestPicture picture = make_picture(format, width, height, ColorMatrix::BT709, ColorRange::Limited);
      if (turn % 2 == 0) harden(picture);
      for (const Size& tensor : camera.tensors) {
        const std::vector<TensorSpec> all = specs(tensor.first, tensor.second);
        expect_golden(picture.view, whole(picture.view), all[turn++ * 3 % all.size()], 7);
      }
    }
}

// More taps a sample than fixed point is good for, in either direction or both.
TEST(PixelPass, IsGoldenForPicturesThatShrinkVeryMuch) {
  for (const auto& [width, height] : {std::pair{kMaxSide, 2u}, {3u, kMaxSide}, {1300u, 1000u}})
    for (const TensorSpec& spec : specs(19, 16))
      for (const PixelFormat format : {PixelFormat::I420, PixelFormat::YUYV, PixelFormat::BGR24}) {
        const TestPicture picture = make_picture(format, width, height, ColorMatrix::BT601, ColorRange::Full);
        expect_golden(picture.view, whole(picture.view), spec, 5);
      }
}

TEST(PixelPass, IsGoldenForRegions) {
  constexpr std::uint32_t kWidth = 155, kHeight = 93;
  const Region regions[] = {{0, 0, 155, 93}, {0, 0, 80, 40}, {75, 53, 80, 40}, {3, 5, 71, 33},  {154, 92, 1, 1},
                            {1, 1, 1, 1},    {17, 0, 2, 93}, {0, 91, 155, 2},  {31, 2, 64, 64}, {100, 50, 55, 43}};
  for (const PixelFormat format : kFormats) {
    const TestPicture picture = make_picture(format, kWidth, kHeight, ColorMatrix::BT709, ColorRange::Full);
    for (const Region& region : regions)
      for (const TensorSpec& spec : specs(32, 24)) expect_golden(picture.view, region, spec);
  }
}

// What lies around a region at even pixels doesn't matter: the picture cut there gives the same.
TEST(PixelPass, ARegionIsWhatCuttingGives) {
  constexpr Region kRegion{40, 20, 96, 70};
  for (const PixelFormat format : kFormats) {
    const TestPicture picture = make_picture(format, 200, 120, ColorMatrix::BT601, ColorRange::Limited);
    ImageView cut = picture.view;
    cut.width = kRegion.width, cut.height = kRegion.height;
    for (int plane = 0; plane < plane_count(format); ++plane) {
      const PlaneGeometry skipped = plane_extent(format, plane, kRegion.x, kRegion.y);
      cut.planes[std::size_t(plane)].data += skipped.row_bytes + skipped.rows * cut.planes[std::size_t(plane)].stride;
    }
    for (const TensorSpec& spec : specs(33, 32)) {
      PixelPass pass(spec);
      EXPECT_EQ(run(pass, picture.view, kRegion), run(pass, cut, whole(cut))) << describe(picture.view, kRegion, spec);
    }
  }
}

// Half floats are what the floats round to (where Highway converts without an instruction for it: are cut to), bytes are the
// pixels.
TEST(PixelPass, GivesHalfFloatsAndBytesToo) {
  constexpr double kHalf = 1024;  // a fraction has ten bits
  const TestPicture picture = make_picture(PixelFormat::NV12, 90, 61, ColorMatrix::BT709, ColorRange::Limited);
  for (TensorSpec spec : specs(61, 40))
    test::for_each_simd_target([&] {
      PixelPass floats(spec);
      const std::vector<float> exact = run(floats, picture.view, whole(picture.view));
      spec.element = Element::kFloat16;
      std::vector<hwy::float16_t> half(spec.elements());
      PixelPass(spec).run(picture.view, std::as_writable_bytes(std::span(half)));
      spec.element = Element::kUint8;
      std::vector<std::uint8_t> bytes(spec.elements());
      PixelPass(spec).run(picture.view, std::as_writable_bytes(std::span(bytes)));
      spec.element = Element::kFloat32;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        const std::size_t c = i / (std::size_t{spec.width} * spec.height);
        ASSERT_NEAR(half_value(half[i]), exact[i], std::abs(exact[i]) / kHalf + 1e-7) << i;
        ASSERT_NEAR(bytes[i], (exact[i] * spec.deviation[c] + spec.mean[c]) / spec.scale, 0.001) << i;
      }
    });
}

TEST(PixelPass, KeepsPlansOfSeveralSizesAndRegionsApart) {
  const TensorSpec spec{.width = 16, .height = 16};
  PixelPass pass(spec);
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t size = 8; size < 48; size += 2) {  // more than plans are kept
      const TestPicture picture = make_picture(PixelFormat::NV12, size, size + 3, ColorMatrix::BT601, ColorRange::Full);
      for (const Region& region : {whole(picture.view), Region{1, 2, size - 1, size}})
        expect_close(run(pass, picture.view, region), reference(picture.view, region, spec), spec,
                     describe(picture.view, region, spec));
    }
}

// A picture each of whose planes ends, or begins, where memory can't be read.
class FencedPicture {
 public:
  FencedPicture(PixelFormat format, std::uint32_t width, std::uint32_t height, bool at_end)
      : view_{format, ColorMatrix::BT601, ColorRange::Limited, width, height, {}} {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (int plane = 0; plane < plane_count(format); ++plane) {
      const PlaneGeometry extent = plane_extent(format, plane, width, height);
      const std::size_t bytes = std::size_t{extent.row_bytes} * extent.rows, inner = (bytes + page - 1) / page * page;
      auto* const base =
          static_cast<std::uint8_t*>(::mmap(nullptr, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
      EXPECT_EQ(::mprotect(base + page, inner, PROT_READ | PROT_WRITE), 0);
      std::fill_n(base + page, inner, std::uint8_t{100});
      mappings_.emplace_back(base, inner + 2 * page);
      view_.planes[std::size_t(plane)] = {base + page + (at_end ? inner - bytes : 0), extent.row_bytes};
    }
  }
  FencedPicture(const FencedPicture&) = delete;
  FencedPicture& operator=(const FencedPicture&) = delete;
  ~FencedPicture() {
    for (const auto& [base, bytes] : mappings_) ::munmap(base, bytes);
  }
  const ImageView& view() const { return view_; }

 private:
  ImageView view_;
  std::vector<std::pair<std::uint8_t*, std::size_t>> mappings_;
};

TEST(PixelPass, ReadsNothingOutsideThePlanes) {
  for (const PixelFormat format : kFormats)
    for (std::uint32_t width = 1; width <= 200; width += width < 70 ? 1 : 13)
      for (const bool at_end : {false, true}) {
        const FencedPicture picture(format, width, 9, at_end);
        test::for_each_simd_target([&] {
          for (const Filter filter : {Filter::kBilinear, Filter::kAntialiased}) {
            PixelPass pass({.width = 24, .height = 5, .filter = filter});
            const std::vector<float> tensor = run(pass, picture.view(), whole(picture.view()));
            ASSERT_TRUE(std::all_of(tensor.begin(), tensor.end(),
                                    [&](float value) { return value == tensor[0] || format != PixelFormat::GRAY8; }));
            run(pass, picture.view(), {width / 2, 8, width - width / 2, 1});
          }
        });
      }
}

// Tensors of any width, whose rows don't end where a vector does: what lies behind the tensor stays as it is.
TEST(PixelPass, WritesNothingOutsideTheTensor) {
  const TestPicture picture = make_picture(PixelFormat::I420, 50, 40, ColorMatrix::BT601, ColorRange::Full);
  for (std::uint32_t width = 1; width <= 70; ++width)
    for (const Element element : {Element::kFloat32, Element::kFloat16, Element::kUint8})
      test::for_each_simd_target([&] {
        const TensorSpec spec{.width = width, .height = 3, .fit = Fit::kLetterbox, .element = element};
        constexpr auto kCanary = std::byte{0xA5};
        std::vector<std::byte> memory(64 + spec.bytes() + 64, kCanary);
        PixelPass(spec).run(picture.view, std::span(memory).subspan(64, spec.bytes()));
        const auto intact = [&](std::size_t from) {
          return std::all_of(&memory[from], &memory[from] + 64, [](std::byte byte) { return byte == kCanary; });
        };
        ASSERT_TRUE(intact(0) && intact(64 + spec.bytes())) << width << " " << int(element);
      });
}

TEST(PixelPass, LetterboxKeepsTheAspectRatio) {
  const TensorSpec spec{.width = 416, .height = 416, .fit = Fit::kLetterbox};
  EXPECT_EQ(content_of(spec, 768, 576).width, 416u);
  EXPECT_EQ(content_of(spec, 768, 576).height, 312u);
  EXPECT_EQ(content_of(spec, 100, 400).width, 104u);
  EXPECT_EQ(content_of(spec, 10000, 1).height, 1u);
}

// The planes are resampled before they become RGB; on a picture without wild chroma that must be what resampling RGB gives.
TEST(PixelPass, SubsampledChromaGivesThePictureThatRgbGives) {
  const TestPicture yuv = make_picture(PixelFormat::I420, 200, 150, ColorMatrix::BT601, ColorRange::Full, true);
  TestPicture rgb = make_picture(PixelFormat::RGB24, 200, 150, ColorMatrix::BT601, ColorRange::Full);
  for (std::uint32_t y = 0; y < 150; ++y)
    for (std::uint32_t x = 0; x < 200; ++x) {
      const auto pixel = rgb_of(yuv.view, stored_at(yuv.view, x, y));
      for (std::size_t c = 0; c < 3; ++c)
        rgb.planes[0][rgb.view.planes[0].stride * y + 3 * x + c] = std::uint8_t(std::lround(pixel[c]));
    }
  const TensorSpec spec{.width = 64, .height = 64, .filter = Filter::kAntialiased};
  PixelPass pass(spec);
  const std::vector<float> a = run(pass, yuv.view, whole(yuv.view)), b = run(pass, rgb.view, whole(rgb.view));
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  EXPECT_LT(sum / double(a.size()), 1.0);
}

TEST(ImageView, LiesInsideItsSlotOrIsRefused) {
  const FrameLayout layout = frame_layout(PixelFormat::I420, 33, 17);
  std::vector<std::byte> slot(layout.slot_bytes);
  FrameInfo info;
  info.mutate_format(PixelFormat::I420);
  info.mutate_width(33), info.mutate_height(17), info.mutate_source_width(33), info.mutate_source_height(17);
  for (flatbuffers::uoffset_t i = 0; i < 3; ++i) {
    info.mutable_plane_offset()->Mutate(i, layout.planes[i].offset);
    info.mutable_plane_stride()->Mutate(i, layout.planes[i].stride);
  }
  const auto view = image_view(info, slot);
  ASSERT_TRUE(view.ok()) << view.error().text;
  EXPECT_EQ(view->row(2, 0), reinterpret_cast<const std::uint8_t*>(slot.data()) + layout.planes[2].offset);
  EXPECT_FALSE(image_view(info, std::span(slot).first(slot.size() / 2)).ok());
}

}  // namespace
}  // namespace vedette::vision
