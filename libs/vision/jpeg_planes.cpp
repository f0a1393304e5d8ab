// libjpeg's raw-data interface. Blocks of a row of MCUs are put together in a band that stays in the cache, and each row goes
// from there to its plane in one piece: 5 % faster than blocks of eight bytes each into memory that isn't cached, and nothing is
// written beside the picture. TurboJPEG does the same, but tells the first warning only, and those don't all mean damage.
#include "vision/jpeg_planes.h"

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs it

#include <jpeglib.h>
// Behind jpeglib.h:
#include <jerror.h>
#include <jpegint.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"

namespace vedette::vision {
namespace {

constexpr std::uint32_t half(std::uint32_t side) { return (side + 1) / 2; }

// A scan of a progressive file is a pass over the whole picture: without a limit a small file can keep a thread busy for hours.
constexpr int kMaxScans = 100;
// For the coefficients of files of several scans; a single scan needs next to none.
constexpr long kMaxMemory = 256L << 20;

constexpr std::size_t kMaxRows = 4 * DCTSIZE;  // of a component in a row of MCUs: sampling factors go up to 4

struct ErrorManager {
  jpeg_error_mgr base;  // first: libjpeg's pointer to it is one to this
  std::jmp_buf fail;
  bool end_is_missing;
  const char* own_words;  // instead of libjpeg's
};

void set_dct_size(jpeg_component_info& component, int size) {
#if JPEG_LIB_VERSION >= 70
  component.DCT_h_scaled_size = component.DCT_v_scaled_size = size;
#else
  component.DCT_scaled_size = size;
#endif
}

ErrorManager& errors_of(j_common_ptr info) { return *reinterpret_cast<ErrorManager*>(info->err); }

[[noreturn]] void stop(j_common_ptr info) { std::longjmp(errors_of(info).fail, 1); }

[[noreturn]] void stop_because(j_common_ptr info, const char* words) {
  errors_of(info).own_words = words;
  stop(info);
}

// Level -1 is a warning. Most mean that pixels are made up.
void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
      return;
    case JWRN_JPEG_EOF:  // bytes are read ahead: whether the picture needs what isn't there shows later
      errors_of(info).end_is_missing = true;
      return;
    default:
      stop(info);
  }
}

void limit_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans) stop_because(info, "it has more than 100 scans");
}

// Samples for each that is written, in one direction.
enum class Ratio { kHalf, kOne, kTwo };

// How a component comes to its plane.
struct Component {
  std::uint32_t dct_size;       // samples of a side that a block of 8 × 8 becomes
  std::uint32_t band_rows;      // samples of a row of MCUs
  std::uint32_t width, height;  // samples of the component at that size
  std::uint32_t out_width, out_height;
  Ratio across, down;
  MutablePlane out;
  std::size_t band, band_stride;  // where in State::band
};

// A side of one sample says nothing about the ratio, but then it doesn't matter either.
Ratio ratio_of(std::uint32_t in, std::uint32_t out) { return in == out ? Ratio::kOne : in > out ? Ratio::kTwo : Ratio::kHalf; }

// Averages or repeats.
void resample_row(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower, std::uint32_t in_width,
                  std::uint8_t* __restrict to, std::uint32_t out_width, Ratio across) {
  const auto mean = [](int a, int b) { return static_cast<std::uint8_t>((a + b + 1) >> 1); };
  if (across == Ratio::kHalf) {
    for (std::uint32_t x = 0; x < out_width; ++x) to[x] = mean(upper[x / 2], lower[x / 2]);
  } else if (across == Ratio::kOne) {
    for (std::uint32_t x = 0; x < out_width; ++x) to[x] = mean(upper[x], lower[x]);
  } else {
    const std::uint32_t pairs = std::min(in_width / 2, out_width);
    for (std::uint32_t x = 0; x < pairs; ++x)
      to[x] = static_cast<std::uint8_t>((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2) >> 2);
    for (std::uint32_t x = pairs; x < out_width; ++x) to[x] = mean(upper[in_width - 1], lower[in_width - 1]);
  }
}

}  // namespace

struct JpegPlanesDecoder::State {
  jpeg_decompress_struct info{};
  ErrorManager errors{};
  jpeg_progress_mgr progress{};
  std::array<Component, 3> components{};
  std::vector<std::uint8_t> band;
  std::uint32_t group = 1;  // rows of MCUs that make whole rows of every plane

  struct Closer {
    State& state;
    ~Closer() { jpeg_destroy_decompress(&state.info); }
  };
  // False: libjpeg gave up, see corrupt(). It leaves by longjmp: `step` keeps nothing that would have to be destroyed.
  template <typename Step>
  bool guarded(Step step) {
    if (setjmp(errors.fail) != 0) return false;
    step();
    return true;
  }
  void open(std::span<const std::byte> file);
  bool agrees(const JpegHeader& header) const;
  void plan(const JpegHeader& header, int denominator, const MutableImageView& out);
  void prepare();
  void read_band(std::uint32_t number);
  void write_rows(const Component& component, std::uint32_t first_band, std::uint32_t bands);
  void decode_bands();
  Error corrupt();
};

// A decompressor for each file: one that is used again keeps the tables of the file before for one that lacks its own.
void JpegPlanesDecoder::State::open(std::span<const std::byte> file) {
  info = {};
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = stop;
  errors.base.emit_message = on_message;
  errors.end_is_missing = false;
  errors.own_words = nullptr;
  jpeg_create_decompress(&info);
  info.mem->max_memory_to_use = kMaxMemory;
  progress = {};
  progress.progress_monitor = limit_scans;
  info.progress = &progress;
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
}

Error JpegPlanesDecoder::State::corrupt() {
  char text[JMSG_LENGTH_MAX];
  if (errors.own_words == nullptr) errors.base.format_message(reinterpret_cast<j_common_ptr>(&info), text);
  return Error{ErrorCode::kCorrupt, std::string("JPEG: ") + (errors.own_words != nullptr ? errors.own_words : text)};
}

// Is what libjpeg understood what the caller made room for?
bool JpegPlanesDecoder::State::agrees(const JpegHeader& header) const {
  const bool grey = header.format == PixelFormat::GRAY8;
  if (info.image_width != header.width || info.image_height != header.height) return false;
  if (grey) return info.jpeg_color_space == JCS_GRAYSCALE && info.num_components == 1;
  const jpeg_component_info *luma = info.comp_info, *cb = luma + 1, *cr = luma + 2;
  return info.jpeg_color_space == JCS_YCbCr && info.num_components == 3 && luma->h_samp_factor == info.max_h_samp_factor &&
         luma->v_samp_factor == info.max_v_samp_factor && cb->h_samp_factor == cr->h_samp_factor &&
         cb->v_samp_factor == cr->v_samp_factor &&
         luma->h_samp_factor == cb->h_samp_factor * static_cast<int>(header.chroma_across) &&
         luma->v_samp_factor == cb->v_samp_factor * static_cast<int>(header.chroma_down);
}

// Where each component's samples go, and the room on the way.
void JpegPlanesDecoder::State::plan(const JpegHeader& header, int denominator, const MutableImageView& out) {
  const auto luma_dct = static_cast<std::uint32_t>(DCTSIZE / denominator);
  group = 1;
  for (int index = 0; index < info.num_components; ++index) {
    const jpeg_component_info& from = info.comp_info[index];
    Component& to = components[static_cast<std::size_t>(index)];
    const bool chroma = index > 0;
    to.dct_size = luma_dct;
    // The DCT averages (4:4:4) or repeats for us where both directions need the same and a block doesn't grow.
    if (chroma && header.chroma_across == header.chroma_down) {
      const std::uint32_t fitting = luma_dct * header.chroma_across / 2;
      if (fitting >= 1 && fitting <= DCTSIZE) to.dct_size = fitting;
    }
    const auto across = static_cast<std::uint32_t>(from.h_samp_factor), down = static_cast<std::uint32_t>(from.v_samp_factor);
    const auto samples = [&](std::uint32_t pixels, std::uint32_t factor, int largest) {
      const std::uint32_t whole = DCTSIZE * static_cast<std::uint32_t>(largest);
      return (pixels * factor * to.dct_size + whole - 1) / whole;
    };
    to.width = samples(header.width, across, info.max_h_samp_factor);
    to.height = samples(header.height, down, info.max_v_samp_factor);
    to.out_width = chroma ? half(out.width) : out.width;
    to.out_height = chroma ? half(out.height) : out.height;
    to.out = out.planes[static_cast<std::size_t>(index)];
    to.band_rows = down * to.dct_size;
    to.across = ratio_of(to.width, to.out_width);
    to.down = ratio_of(to.height, to.out_height);
    if (to.down == Ratio::kTwo && to.band_rows % 2 != 0) group = 2;
  }
  std::size_t bytes = 0;
  for (int index = 0; index < info.num_components; ++index) {
    Component& to = components[static_cast<std::size_t>(index)];
    to.band = bytes;
    to.band_stride = (std::size_t{info.comp_info[index].width_in_blocks} * to.dct_size + 63) & ~std::size_t{63};
    bytes += to.band_stride * to.band_rows * group;
  }
  if (band.size() < bytes) band.resize(bytes);
}

void JpegPlanesDecoder::State::prepare() {
  info.raw_data_out = TRUE;
  info.do_fancy_upsampling = FALSE;
  info.do_block_smoothing = FALSE;  // it is for files that aren't whole
  info.dct_method = JDCT_ISLOW;
  info.scale_num = components[0].dct_size;
  info.scale_denom = DCTSIZE;
  jpeg_start_decompress(&info);
  // libjpeg transforms subsampled chroma to luma's size where the scale allows it. These are our own sizes.
  for (int index = 0; index < info.num_components; ++index) {
    jpeg_component_info& component = info.comp_info[index];
    const int size = static_cast<int>(components[static_cast<std::size_t>(index)].dct_size);
    if (component.quant_table == nullptr)
      stop_because(reinterpret_cast<j_common_ptr>(&info), "a component is in none of its scans");
    set_dct_size(component, size);
    // Of a single scan, which is transformed as it is read; otherwise nobody has set or needs it.
    if (!jpeg_has_multiple_scans(&info)) component.MCU_sample_width = component.MCU_width * size;
  }
  (*info.idct->start_pass)(&info);
}

// One row of MCUs.
void JpegPlanesDecoder::State::read_band(std::uint32_t number) {
  JSAMPROW rows[3][kMaxRows];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  for (int index = 0; index < info.num_components; ++index) {
    const Component& to = components[static_cast<std::size_t>(index)];
    std::uint8_t* const first = band.data() + to.band + to.band_stride * to.band_rows * (number % group);
    for (std::uint32_t row = 0; row < to.band_rows; ++row) rows[index][row] = first + to.band_stride * row;
  }
  const auto lines = static_cast<JDIMENSION>(info.max_v_samp_factor) * components[0].dct_size;
  (void)jpeg_read_raw_data(&info, planes, lines);
}

// Writes the plane's rows that `bands` rows of MCUs from `first_band` on, which begins a group, are made into.
void JpegPlanesDecoder::State::write_rows(const Component& c, std::uint32_t first_band, std::uint32_t bands) {
  const std::uint32_t first = first_band * c.band_rows;  // of the component's rows
  const std::uint32_t end = std::min(first + bands * c.band_rows, c.height);
  if (first >= end) return;
  const auto row = [&](std::uint32_t y) { return band.data() + c.band + c.band_stride * (std::min(y, end - 1) - first); };
  const auto out_rows = [&](std::uint32_t rows) {
    return c.down == Ratio::kTwo ? half(rows) : c.down == Ratio::kOne ? rows : rows * 2;
  };
  for (std::uint32_t y = out_rows(first); y < std::min(out_rows(end), c.out_height); ++y) {
    std::uint8_t* out = c.out.data + c.out.stride * y;
    const std::uint8_t* upper = row(c.down == Ratio::kTwo ? 2 * y : c.down == Ratio::kOne ? y : y / 2);
    const std::uint8_t* lower = c.down == Ratio::kTwo ? row(2 * y + 1) : upper;
    if (c.across == Ratio::kOne && upper == lower) {
      std::memcpy(out, upper, c.out_width);
    } else {
      resample_row(upper, lower, c.width, out, c.out_width, c.across);
    }
  }
}

void JpegPlanesDecoder::State::decode_bands() {
  const std::uint32_t bands = info.total_iMCU_rows;
  for (std::uint32_t first = 0; first < bands; first += group) {
    const std::uint32_t count = std::min(group, bands - first);
    for (std::uint32_t number = first; number < first + count; ++number) read_band(number);
    for (int index = 0; index < info.num_components; ++index)
      write_rows(components[static_cast<std::size_t>(index)], first, count);
  }
}

JpegPlanesDecoder::JpegPlanesDecoder() : state_(std::make_unique<State>()) {}
JpegPlanesDecoder::~JpegPlanesDecoder() = default;
JpegPlanesDecoder::JpegPlanesDecoder(JpegPlanesDecoder&&) noexcept = default;
JpegPlanesDecoder& JpegPlanesDecoder::operator=(JpegPlanesDecoder&&) noexcept = default;

Result<> JpegPlanesDecoder::decode(std::span<const std::byte> file, const JpegHeader& header, int denominator,
                                   const MutableImageView& out) {
  VD_ASSERT(denominator == 1 || denominator == 2 || denominator == 4 || denominator == 8, "no such scale");
  VD_ASSERT(out.format == header.format && out.width == scaled_side(header.width, denominator) &&
                out.height == scaled_side(header.height, denominator),
            "a picture of another format or size");
  State& state = *state_;
  const State::Closer closer{state};
  if (!state.guarded([&] { state.open(file); })) return state.corrupt();
  if (!state.agrees(header))
    return Error{ErrorCode::kCorrupt, "JPEG: it isn't the picture of " + std::to_string(header.width) + "x" +
                                          std::to_string(header.height) + " whose header was read"};
  state.plan(header, denominator, out);
  const bool whole = state.guarded([&] {
    state.prepare();
    // Scans that the end hides can't be told from none.
    if (state.errors.end_is_missing && jpeg_has_multiple_scans(&state.info))
      stop_because(reinterpret_cast<j_common_ptr>(&state.info), "it ends too early");
    state.decode_bands();
  });
  if (!whole) return state.corrupt();
  return {};
}

}  // namespace vedette::vision
