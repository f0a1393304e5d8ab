// libjpeg's raw-data interface: rows of blocks are transformed where they are to lie. TurboJPEG's planes do the same behind a
// band that is copied once more whenever a side isn't a whole number of blocks (1080 isn't), and tell the first warning only.
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

// How a component comes to its plane.
struct Component {
  std::uint32_t dct_size;       // samples of a side that a block of 8 × 8 becomes
  std::uint32_t band_rows;      // samples of a row of MCUs
  std::uint32_t width, height;  // samples of the component at that size
  std::uint32_t out_width, out_height;
  MutablePlane out;
  bool direct;                    // rows are decoded where they are to lie; else to `band` first
  std::size_t band, band_stride;  // room for two rows of MCUs in State::band
};

// Averages or repeats what one row of samples is made of. Samples for each written: `in_width` against `out_width` is 2, 1 or
// 1/2.
void resample_row(const std::uint8_t* __restrict upper, const std::uint8_t* __restrict lower, std::uint32_t in_width,
                  std::uint8_t* __restrict to, std::uint32_t out_width, int across) {
  const auto mean = [](int a, int b) { return static_cast<std::uint8_t>((a + b + 1) >> 1); };
  if (across == 0) {
    for (std::uint32_t x = 0; x < out_width; ++x) to[x] = mean(upper[x / 2], lower[x / 2]);
  } else if (across == 1) {
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
  std::vector<std::uint8_t> band;   // where components that aren't decoded directly pass through
  std::vector<std::uint8_t> waste;  // takes the rows below a picture that isn't a whole number of blocks high

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
  void finish_bands(const Component& component, std::uint32_t first_band, std::uint32_t bands);
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

// Where each component's samples go, and the room for those that can't go there directly.
void JpegPlanesDecoder::State::plan(const JpegHeader& header, int denominator, const MutableImageView& out) {
  const auto luma_dct = static_cast<std::uint32_t>(DCTSIZE / denominator);
  std::size_t band_bytes = 0, widest = 0;
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
    const std::size_t written = std::size_t{from.width_in_blocks} * to.dct_size;  // a row's samples: whole blocks
    to.direct = to.width == to.out_width && to.height == to.out_height && written == to.width;
    to.band = band_bytes;
    to.band_stride = (written + 63) & ~std::size_t{63};
    if (!to.direct) band_bytes += 2 * to.band_rows * to.band_stride;
    widest = std::max(widest, to.band_stride);
  }
  if (band.size() < band_bytes) band.resize(band_bytes);
  if (waste.size() < widest) waste.resize(widest);
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

// One row of MCUs: each component's rows to their plane, to its band, or, below the picture, to nowhere.
void JpegPlanesDecoder::State::read_band(std::uint32_t number) {
  JSAMPROW rows[3][kMaxRows];
  JSAMPARRAY planes[3] = {rows[0], rows[1], rows[2]};
  for (int index = 0; index < info.num_components; ++index) {
    const Component& to = components[static_cast<std::size_t>(index)];
    for (std::uint32_t row = 0; row < to.band_rows; ++row) {
      const std::uint32_t y = number * to.band_rows + row;
      rows[index][row] = y >= to.height ? waste.data()
                         : to.direct    ? to.out.data + to.out.stride * y
                                        : band.data() + to.band + to.band_stride * (number % 2 * to.band_rows + row);
    }
  }
  const auto lines = static_cast<JDIMENSION>(info.max_v_samp_factor) * components[0].dct_size;
  (void)jpeg_read_raw_data(&info, planes, lines);
}

// Writes the plane's rows that `bands` (1 or 2) rows of MCUs from `first_band` (even) on are made into.
void JpegPlanesDecoder::State::finish_bands(const Component& component, std::uint32_t first_band, std::uint32_t bands) {
  const Component& c = component;
  const std::uint32_t first = first_band * c.band_rows;  // of the component's rows
  const std::uint32_t end = std::min(first + bands * c.band_rows, c.height);
  if (first >= end) return;
  const auto ratio = [](std::uint32_t in, std::uint32_t out) { return in == out ? 1 : in > out ? 2 : 0; };
  // A side of one or two samples says nothing about the ratio, but then it doesn't matter either.
  const int across = ratio(c.width, c.out_width), down = ratio(c.height, c.out_height);
  const auto row = [&](std::uint32_t y) { return band.data() + c.band + c.band_stride * (std::min(y, end - 1) - first); };
  const std::uint32_t from = down == 2 ? first / 2 : down == 1 ? first : first * 2;
  const std::uint32_t to = down == 2 ? half(end) : down == 1 ? end : end * 2;
  for (std::uint32_t y = from; y < std::min(to, c.out_height); ++y) {
    std::uint8_t* out = c.out.data + c.out.stride * y;
    const std::uint8_t* upper = row(down == 2 ? 2 * y : down == 1 ? y : y / 2);
    const std::uint8_t* lower = down == 2 ? row(2 * y + 1) : upper;
    if (across == 1 && upper == lower) {
      std::memcpy(out, upper, c.out_width);
    } else {
      resample_row(upper, lower, c.width, out, c.out_width, across);
    }
  }
}

void JpegPlanesDecoder::State::decode_bands() {
  const std::uint32_t bands = info.total_iMCU_rows;
  for (std::uint32_t number = 0; number < bands; ++number) {
    read_band(number);
    if (number % 2 == 0 && number + 1 < bands) continue;
    const std::uint32_t first = number - number % 2;
    for (int index = 0; index < info.num_components; ++index) {
      const Component& component = components[static_cast<std::size_t>(index)];
      if (!component.direct) finish_bands(component, first, number - first + 1);
    }
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
