#include "mot/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "track/box.h"

namespace vedette::mot {
namespace {

using track::Box;

// Numbers that are the same with every C++ library, unlike its distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  double part() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }  // 0..1
  double between(double least, double most) { return least + (most - least) * part(); }
  bool chance(double probability) { return part() < probability; }
  double normal(double sigma) {  // Box and Muller 1958
    return sigma * std::sqrt(-2 * std::log(1 - part())) * std::cos(2 * std::numbers::pi * part());
  }

 private:
  std::mt19937_64 bits_;
};

// Pictures are 1 wide and high here; a person at the far end is a tenth of it high, at the near end 0.35.
constexpr double kFarFeet = 0.35, kNearFeet = 0.95, kFarHeight = 0.10, kNearHeight = 0.35;
constexpr double kAspect = 9.0 / 16.0;        // of the picture: a person's width is 0.4 of his height in pixels
constexpr double kBodyWidth = 0.4 * kAspect;  // of his height
constexpr double kSpeed = 0.8 * kAspect;      // of his height, a second: 1.4 m/s for 1.75 m

struct Person {
  std::int64_t id = 0;
  double x = 0, feet = 0;
  double speed = 0;      // of his height a second, towards the right
  double drift = 0;      // of his feet a second
  double stops_for = 0;  // seconds
  double certainty = 1;  // how well the detector knows him

  double height() const { return kFarHeight + (kNearHeight - kFarHeight) * (feet - kFarFeet) / (kNearFeet - kFarFeet); }
  Box box() const { return {x - kBodyWidth * height() / 2, feet - height(), kBodyWidth * height(), height()}; }
};

class World {
 public:
  World(const Scene& scene, double fps, std::uint32_t seed) : scene_(scene), step_(1 / fps), random_(seed) {
    for (int i = 0; i < scene.people; ++i) people_.push_back(somebody(random_.between(0, 1)));
    for (int i = 0; i < scene.pillars; ++i)
      pillars_.push_back({(i + 0.5 + random_.between(-0.2, 0.2)) / scene.pillars, 0, random_.between(0.04, 0.08), 1});
    sequence_.picture.fps = fps;
  }

  Sequence run() {
    const auto frames = static_cast<std::int64_t>(scene_.seconds / step_);
    for (std::int64_t frame = 1; frame <= frames; ++frame) {
      if (random_.chance(0.3))
        jump_x_ = random_.normal(scene_.shake), jump_y_ = random_.normal(scene_.shake);
      else
        jump_x_ = jump_y_ = 0;
      for (Person& person : people_) look_at(person, frame);
      add_false_boxes(frame);
      for (Person& person : people_) walk(person);
    }
    return std::move(sequence_);
  }

 private:
  Person somebody(double x) {
    Person person;
    person.id = ++ids_;
    person.x = x;
    person.feet = random_.between(kFarFeet, kNearFeet);
    person.speed = kSpeed * random_.between(0.7, 1.4) * (random_.chance(0.5) ? 1 : -1);
    person.drift = random_.between(-0.01, 0.01);
    person.certainty = random_.between(0.8, 1);
    return person;
  }

  void walk(Person& person) {
    if (person.stops_for > 0) {
      person.stops_for -= step_;
      return;
    }
    if (random_.chance(0.05 * step_)) person.stops_for = random_.between(1, 4);
    if (random_.chance(0.05 * step_)) person.speed = -person.speed;
    person.x += person.speed * person.height() * step_;
    person.feet = std::clamp(person.feet + person.drift * step_, kFarFeet, kNearFeet);
    if (person.x > -0.1 && person.x < 1.1) return;
    person = somebody(0);
    person.x = person.speed > 0 ? -0.1 : 1.1;
  }

  bool hidden(const Person& person, double x, double y) const {
    const auto covers = [&](const Box& box) { return x > box.x && x < box.right() && y > box.y && y < box.bottom(); };
    if (x < 0 || x > 1 || y < 0 || y > 1) return true;
    if (std::any_of(pillars_.begin(), pillars_.end(), covers)) return true;
    return std::any_of(people_.begin(), people_.end(),
                       [&](const Person& other) { return other.feet > person.feet && covers(other.box()); });
  }

  double visibility(const Person& person) const {
    constexpr int kAcross = 12, kDown = 12;
    const Box box = person.box();
    int seen = 0;
    for (int i = 0; i < kAcross * kDown; ++i)
      seen +=
          !hidden(person, box.x + box.width * (i % kAcross + 0.5) / kAcross, box.y + box.height * (i / kAcross + 0.5) / kDown);
    return static_cast<double>(seen) / (kAcross * kDown);
  }

  void look_at(const Person& person, std::int64_t frame) {
    const double visible = visibility(person);
    Box box = person.box();
    box.x += jump_x_, box.y += jump_y_;
    const Box shown = track::clipped(box);
    if (shown.area() <= 0.02 * box.area()) return;
    const bool counts = visible >= 1 - kHidden;
    sequence_.truth.push_back(row(frame, person.id, shown, counts ? 1 : 0, visible));
    if (!counts || random_.chance(scene_.missed)) return;
    add_box(frame, box, scene_.jitter, person.certainty * (0.2 + 0.75 * visible));
    if (random_.chance(scene_.doubled)) add_box(frame, box, scene_.jitter + 0.05, person.certainty * (0.1 + 0.7 * visible));
  }

  void add_box(std::int64_t frame, const Box& box, double jitter, double score) {
    const double left = box.x + random_.normal(jitter * box.width), right = box.right() + random_.normal(jitter * box.width);
    const double top = box.y + random_.normal(jitter * box.height), bottom = box.bottom() + random_.normal(jitter * box.height);
    score = std::min(score + random_.normal(0.05), 0.99);
    const Box seen = track::clipped({left, top, right - left, bottom - top});
    if (score >= kLeastScore && seen.width > 0 && seen.height > 0) sequence_.detections.push_back(row(frame, -1, seen, score, 1));
  }

  void add_false_boxes(std::int64_t frame) {
    std::erase_if(false_boxes_, [this](const Box&) { return !random_.chance(0.3); });
    // So many begin that, with those that stay, the mean is what was asked for.
    double left = scene_.false_boxes * 0.7;
    for (; random_.part() < left; left -= 1) {
      const double height = random_.between(kFarHeight, kNearHeight), width = random_.between(0.5, 2) * kBodyWidth * height;
      false_boxes_.push_back({random_.between(0, 1 - width), random_.between(0, 1 - height), width, height});
    }
    for (const Box& box : false_boxes_) add_box(frame, box, 0.03, random_.between(0.45, 0.7));
  }

  Row row(std::int64_t frame, std::int64_t id, const Box& box, double conf, double visible) const {
    const Picture& picture = sequence_.picture;
    return {frame,
            id,
            box.x * picture.width,
            box.y * picture.height,
            box.width * picture.width,
            box.height * picture.height,
            conf,
            1,
            visible};
  }

  Scene scene_;
  double step_;  // seconds from frame to frame
  Random random_;
  std::int64_t ids_ = 0;
  double jump_x_ = 0, jump_y_ = 0;
  std::vector<Person> people_;
  std::vector<Box> pillars_, false_boxes_;
  Sequence sequence_;
};

constexpr std::array<Scene, 6> kScenes = {{
    {.name = "crossings", .people = 8},
    {.name = "pillars", .people = 8, .pillars = 4},
    {.name = "missed and false", .people = 6, .missed = 0.2, .false_boxes = 0.5},
    {.name = "jitter", .people = 6, .missed = 0.05, .doubled = 0.2, .jitter = 0.06},
    {.name = "shake", .people = 8, .missed = 0.05, .shake = 0.03},
    {.name = "crowd", .people = 25, .pillars = 2, .missed = 0.1, .false_boxes = 0.3, .jitter = 0.03},
}};

}  // namespace

std::span<const Scene> scenes() { return kScenes; }

Sequence generate(const Scene& scene, double fps, std::uint32_t seed) { return World(scene, fps, seed).run(); }

}  // namespace vedette::mot
