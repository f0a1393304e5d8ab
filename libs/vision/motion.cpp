#include "vision/motion.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "vision/luma_cells.h"
#include "vision/motion_light.h"
#include "vision/motion_zones.h"

namespace vedette::vision {
namespace {

// How fast the background becomes what is seen: time constants in seconds. Where nothing moves it keeps up with what a
// moving shadow or the evening changes; what has come and stays is part of it after kMovingSeconds x ln(its contrast /
// threshold).
constexpr float kStillSeconds = 5.0f;
constexpr float kMovingSeconds = 20.0f;
constexpr float kNoiseSeconds = 60.0f;
constexpr float kLongestNoiseStep = 2.0f;       // what changed during a pause isn't noise
constexpr std::uint64_t kStepNs = 250'000'000;  // it takes no smaller steps: looks between only compare
constexpr std::uint32_t kFirstSteps = 8;

// A place's restlessness is the mean change of its difference from one step to the next. Of normal noise that is 1.13 deviations
// of it, so that this many are five deviations: one cell in two million.
constexpr float kNoiseFactor = 4.5f;
// However restless a place is, a change of so many thresholds counts.
constexpr float kMostThresholds = 4.0f;

// So much of the picture at once is a change of light or of the camera's mode; if it happens again within kCalmNs, it is the
// camera that moves.
constexpr float kEverything = 0.6f;
constexpr std::uint64_t kCalmNs = 3'000'000'000;

// How far a background may lie beyond what can be seen.
constexpr float kDarkest = -255.0f, kBrightest = 1020.0f;

std::uint8_t whole_threshold(float threshold) {
  return threshold >= 1.0f ? static_cast<std::uint8_t>(std::min(threshold + 0.5f, 255.0f)) : std::uint8_t{1};
}

float difference(std::uint8_t luma, float background) {
  return static_cast<float>(luma) - std::min(std::max(background, 0.0f), 255.0f);
}

// How much of the way to what is seen the background goes in `seconds`.
float share(float seconds, float constant) { return 1.0f - std::exp(-seconds / constant); }

}  // namespace

struct MotionGate::State {
  explicit State(MotionOptions options)
      : threshold(whole_threshold(options.threshold)),
        area(options.area),
        zones(std::move(options.zones), std::move(options.region)) {}

  void start(const ImageView& image, std::uint64_t at_ns);
  bool compare();
  void change_light(const Light& change);
  bool learn_anew(std::uint64_t at_ns);
  void forget_motion();
  void follow(std::uint64_t at_ns);
  void learn_noise(float part);
  void learn_background(float still, float moving);

  const std::uint8_t threshold;
  const float area;
  LumaCells cells;
  ZoneCells zones;
  LightChange light;
  std::uint64_t followed_at_ns = 0;
  std::optional<std::uint64_t> learnt_at_ns;  // anew, after everything had changed
  std::uint32_t steps = 0;                    // of the background since the picture has this size

  std::vector<float> background;  // may lie beyond 0..255: what is burnt out in this light, and wasn't in another
  std::vector<float> noise;       // mean change of a cell's difference from one step to the next
  std::vector<float> before;      // its difference at the step before
  std::vector<float> excused;     // what of its difference doesn't count, for its noise
  std::vector<std::uint8_t> distance;
};

void MotionGate::State::start(const ImageView& image, std::uint64_t at_ns) {
  zones.fit(cells, image.width, image.height);
  const auto luma = cells.means();
  light.fit(luma.size());
  background.assign(luma.begin(), luma.end());
  noise.assign(luma.size(), 0.0f);
  before.assign(luma.size(), 0.0f);
  excused.assign(luma.size(), 0.0f);
  distance.assign(luma.size(), 0);
  learnt_at_ns.reset();
  followed_at_ns = at_ns;
  steps = 0;
}

// Fills `distance`. True: nearly everything is another.
bool MotionGate::State::compare() {
  const auto luma = cells.means();
  const std::uint8_t* now = luma.data();
  const float *usual = background.data(), *excuse = excused.data();
  std::uint8_t* out = distance.data();
  std::uint32_t changed = 0;
  for (std::size_t i = 0; i < luma.size(); ++i) {
    const float counts = std::max(std::abs(difference(now[i], usual[i])) - excuse[i], 0.0f);
    out[i] = static_cast<std::uint8_t>(static_cast<std::int32_t>(counts));
    changed += out[i] >= threshold ? 1u : 0u;
  }
  return static_cast<float>(changed) >= kEverything * static_cast<float>(luma.size());
}

void MotionGate::State::change_light(const Light& change) {
  for (float& cell : background) cell = std::clamp(cell * change.gain + change.offset, kDarkest, kBrightest);
}

// True: it is the light's doing; false: it happened just before, too.
bool MotionGate::State::learn_anew(std::uint64_t at_ns) {
  const bool again = learnt_at_ns && at_ns >= *learnt_at_ns && at_ns - *learnt_at_ns < kCalmNs;
  const auto luma = cells.means();
  std::copy(luma.begin(), luma.end(), background.begin());
  std::fill(before.begin(), before.end(), 0.0f);
  learnt_at_ns = followed_at_ns = at_ns;
  return !again;
}

void MotionGate::State::forget_motion() {
  std::fill(distance.begin(), distance.end(), std::uint8_t{0});
  zones.clear();
}

// One step of the noise and of the background, if it is time.
void MotionGate::State::follow(std::uint64_t at_ns) {
  if (at_ns < followed_at_ns) followed_at_ns = at_ns;  // another clock, or a clip that begins again
  if (at_ns - followed_at_ns < kStepNs) return;
  const float seconds = static_cast<float>(at_ns - followed_at_ns) / 1e9f;
  followed_at_ns = at_ns;
  // The first steps make means of what was seen so far; who moves meanwhile leaves hardly a ghost.
  const float first = 1.0f / static_cast<float>(++steps + 1);
  learn_noise(std::max(share(std::min(seconds, kLongestNoiseStep), kNoiseSeconds), first));
  learn_background(std::max(share(seconds, kStillSeconds), first),
                   std::max(share(seconds, kMovingSeconds), steps <= kFirstSteps ? first : 0.0f));
}

void MotionGate::State::learn_noise(float part) {
  const float counts = threshold, most = (kMostThresholds - 1.0f) * counts;
  const std::uint8_t* luma = cells.means().data();
  const float* usual = background.data();
  float *last = before.data(), *restless = noise.data(), *excuse = excused.data();
  for (std::size_t i = 0; i < before.size(); ++i) {
    const float now = difference(luma[i], usual[i]);
    const float change = std::min(std::abs(now - last[i]), counts + excuse[i]);
    last[i] = now;
    restless[i] += (change - restless[i]) * part;
    excuse[i] = std::min(std::max(restless[i] * kNoiseFactor - counts, 0.0f), most);
  }
}

void MotionGate::State::learn_background(float still, float moving) {
  const float counts = threshold;
  const std::uint8_t *luma = cells.means().data(), *moves = distance.data();
  float* usual = background.data();
  for (std::size_t i = 0; i < background.size(); ++i)
    usual[i] += difference(luma[i], usual[i]) * (static_cast<float>(moves[i]) < counts ? still : moving);
}

MotionGate::MotionGate(MotionOptions options) : state_(std::make_unique<State>(std::move(options))) {}
MotionGate::~MotionGate() = default;
MotionGate::MotionGate(MotionGate&&) noexcept = default;
MotionGate& MotionGate::operator=(MotionGate&&) noexcept = default;

MotionResult MotionGate::look(const ImageView& image, std::uint64_t captured_at_ns) {
  State& s = *state_;
  MotionResult result;
  if (s.cells.measure(image)) {
    s.start(image, captured_at_ns);
    result.moving = true;
  } else {
    const Light light = s.light.find(s.cells.means(), s.background);
    if (light.most > 0.0f) s.change_light(light);
    result.light_changed = light.most >= s.threshold;
    const bool everything = s.compare();
    result.moving = s.zones.count(s.distance, s.threshold, s.area);
    if (!everything) {
      s.follow(captured_at_ns);
    } else if (s.learn_anew(captured_at_ns)) {
      result.light_changed = true;
      result.moving = false;
      s.forget_motion();
    }
  }
  result.columns = s.cells.columns();
  result.rows = s.cells.rows();
  result.cell_width = result.cell_height = s.cells.side();
  result.threshold = s.threshold;
  result.area = s.zones.area();
  result.zone_area = s.zones.zone_area();
  result.cells = s.distance;
  result.luma = s.cells.means();
  return result;
}

}  // namespace vedette::vision
