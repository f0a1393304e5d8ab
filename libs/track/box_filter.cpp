#include "track/box_filter.h"

#include <cmath>

namespace vedette::track {
namespace {

// Parts of the box's own width or height; chosen on generated sequences (docs/decisions/0009-tracking.md).
constexpr double kMeasured = 0.07;      // standard deviation of a detection's place and size
constexpr double kFirstVelocity = 2.0;  // a second: of an object seen once. Who walks makes two to three of his widths
constexpr double kKnownVelocity = 0.5;  // of one whose velocity is known from before
constexpr double kAcceleration = 1.5;   // who stops or turns does so within a second
constexpr double kFirstGrowth = 0.2;    // a second
constexpr double kGrowth = 0.2;         // changes of that
constexpr double kLeastSize = 1e-4;     // of a predicted box: a shrinking one doesn't turn inside out

}  // namespace

void Coordinate::predict(double step_s, double acceleration) {
  const double density = acceleration * acceleration;
  position_ += velocity_ * step_s;
  position_variance_ += step_s * (2 * covariance_ + step_s * (velocity_variance_ + density * step_s / 3));
  covariance_ += step_s * (velocity_variance_ + density * step_s / 2);
  velocity_variance_ += density * step_s;
}

void Coordinate::correct(double measured, double sigma) {
  const double total = position_variance_ + sigma * sigma;
  const double position_gain = position_variance_ / total, velocity_gain = covariance_ / total;
  const double off = measured - position_;
  position_ += position_gain * off;
  velocity_ += velocity_gain * off;
  velocity_variance_ -= velocity_gain * covariance_;
  covariance_ *= 1 - position_gain;
  position_variance_ *= 1 - position_gain;
}

BoxFilter::BoxFilter(const Box& box)
    : x_(box.center_x(), kMeasured * box.width, 0, kFirstVelocity * box.width),
      y_(box.center_y(), kMeasured * box.height, 0, kFirstVelocity * box.height),
      width_(box.width, kMeasured * box.width, 0, kFirstGrowth * box.width),
      height_(box.height, kMeasured * box.height, 0, kFirstGrowth * box.height) {}

BoxFilter::BoxFilter(const Box& box, double velocity_x, double velocity_y) : BoxFilter(box) {
  x_ = Coordinate(box.center_x(), kMeasured * box.width, velocity_x, kKnownVelocity * box.width);
  y_ = Coordinate(box.center_y(), kMeasured * box.height, velocity_y, kKnownVelocity * box.height);
}

void BoxFilter::predict(double step_s) {
  const Box now = box();
  x_.predict(step_s, kAcceleration * now.width);
  y_.predict(step_s, kAcceleration * now.height);
  width_.predict(step_s, kGrowth * now.width);
  height_.predict(step_s, kGrowth * now.height);
}

void BoxFilter::correct(const Box& seen) {
  x_.correct(seen.center_x(), kMeasured * seen.width);
  y_.correct(seen.center_y(), kMeasured * seen.height);
  width_.correct(seen.width, kMeasured * seen.width);
  height_.correct(seen.height, kMeasured * seen.height);
}

void BoxFilter::stop() {
  x_.stop(), y_.stop();
  keep_size();
}

void BoxFilter::keep_size() { width_.stop(), height_.stop(); }

Box BoxFilter::box() const {
  const double width = std::max(kLeastSize, width_.position()), height = std::max(kLeastSize, height_.position());
  return {x_.position() - width / 2, y_.position() - height / 2, width, height};
}

double BoxFilter::sigma_x() const { return std::sqrt(x_.position_variance()); }
double BoxFilter::sigma_y() const { return std::sqrt(y_.position_variance()); }

}  // namespace vedette::track
