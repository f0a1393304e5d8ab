// Camera: one camera that sends no bitstream, encoded as H.264 into <camera>/encoded while somebody asks for packets there.
//
// Owner: main(), one a camera, each with a thread that calls run(). The log is made once there are frames and no packets, and
// goes again if packets come. While nobody asks, nothing is encoded and nothing is asked of <camera>/frames. The newest frame
// wins: who encodes too slowly leaves out pictures, and the camera notices nothing. Each packet has its frame's own id and times.
// A new reader gets a keyframe at once. If the process dies, its successor goes on in the same files with a keyframe; if capture
// dies, nothing comes until its successor publishes. A hung reader costs what it asked for, and nothing else.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/log.h"
#include "bus/ring.h"
#include "config/config.h"
#include "encode/encoder.h"
#include "encode/load.h"
#include "encode/way.h"
#include "schema/packet.h"
#include "stage/topics.h"

namespace vedette::encode {

struct CameraOptions {
  std::string name;
  EncodeConfig encode;
  stage::Share share;
};

class Camera {
 public:
  // `dir` outlives it.
  Camera(const bus::BusDir& dir, CameraOptions options, Ways ways);

  // Until stop_requested().
  void run();

 private:
  // A frame on lease; its pixels may be read until the lease ends.
  struct Frame {
    bus::Lease lease;
    FrameInfo info;
    vision::ImageView picture;
  };

  void look_for_pictures(std::uint64_t now_ns);
  bool has_topic(const std::string& topic) const;
  std::uint32_t last_stream() const;
  void follow_demand();
  void rest();
  void step();
  std::optional<Frame> take();
  Result<> encode(Frame frame);
  Result<> ensure_encoder(const Shape& shape);
  bool keyframe_due(std::uint64_t now_ns) const;
  void publish(const AVPacket& packet);
  void adapt(std::uint64_t took_ns);
  void failed(const Error& error);
  void bad(const Error& error);

  const bus::BusDir& dir_;
  const CameraOptions options_;
  Ways ways_;
  std::optional<bus::LogWriter> log_;
  std::optional<bus::DemandWatch> watch_;  // since the demand was looked at
  bus::Demand asked_;
  std::optional<bus::Subscriber> frames_;  // while somebody asks
  std::uint64_t asked_at_ns_ = 0;

  std::unique_ptr<Encoder> encoder_;
  std::optional<Shape> refused_;  // what no encoder takes
  float fps_ = 30.0f;             // that the encoder was opened for
  int effort_ = 0;                // steps down, until nobody asks any more
  Load load_;
  std::vector<std::byte> parameter_sets_;
  std::array<PacketInfo, 16> inside_{};  // of pictures that the encoder may still have, by their stamps
  std::size_t next_inside_ = 0;
  std::int64_t pts_us_ = 0;
  std::uint32_t stream_;
  std::uint64_t keyframe_at_ns_ = 0;
  bool keyframe_wanted_ = false;

  std::uint64_t next_look_ns_ = 0;
  std::uint64_t next_try_ns_ = 0;      // of opening an encoder
  std::uint64_t next_warning_ns_ = 0;  // about bad frames
  int failures_ = 0;                   // of the chosen way in a row
};

}  // namespace vedette::encode
