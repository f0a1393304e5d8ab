// BoxFilter: where a box is and how fast it moves, from boxes seen at uneven times. Four Kalman filters side by side (R. E.
// Kalman, "A New Approach to Linear Filtering and Prediction Problems", 1960), one each for the centre's x and y, width and
// height, each with a constant velocity that white acceleration disturbs. All noise is a part of the box's own width or height,
// so a near object and a far one are treated alike, whatever the picture's shape. Plain values; times are steps in seconds.
#pragma once

#include "track/box.h"

namespace vedette::track {

// One coordinate and its velocity, with their covariance.
class Coordinate {
 public:
  Coordinate() = default;
  Coordinate(double position, double position_sigma, double velocity, double velocity_sigma)
      : position_(position),
        velocity_(velocity),
        position_variance_(position_sigma * position_sigma),
        velocity_variance_(velocity_sigma * velocity_sigma) {}

  // `acceleration`: the square root of its spectral density, units / s^1.5.
  void predict(double step_s, double acceleration);
  void correct(double measured, double sigma);
  void shift(double by) { position_ += by; }
  void stop() { velocity_ = 0; }

  double position() const { return position_; }
  double velocity() const { return velocity_; }
  double position_variance() const { return position_variance_; }

 private:
  double position_ = 0, velocity_ = 0;
  double position_variance_ = 0, covariance_ = 0, velocity_variance_ = 0;
};

class BoxFilter {
 public:
  BoxFilter() = default;
  explicit BoxFilter(const Box& box);                               // seen once: its velocity is unknown
  BoxFilter(const Box& box, double velocity_x, double velocity_y);  // known from before

  void predict(double step_s);
  void correct(const Box& box);
  void shift(double x, double y) { x_.shift(x), y_.shift(y); }
  void stop();       // from here on it stays where it is, as far as anybody knows
  void keep_size();  // nobody sees it: it grows or shrinks no further

  Box box() const;
  double velocity_x() const { return x_.velocity(); }
  double velocity_y() const { return y_.velocity(); }
  // Standard deviation of the centre: after predict() how far off the prediction may be.
  double sigma_x() const;
  double sigma_y() const;

 private:
  Coordinate x_, y_, width_, height_;
};

}  // namespace vedette::track
