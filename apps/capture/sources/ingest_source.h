// A camera that pushes: what somebody sends to the gateway (POST /ingest/<camera> or its WebSocket) lies in the log
// <camera>/ingest, and this reads it there: JPEGs, and raw pictures. It never fails: one who pushes a picture an hour isn't
// broken, and there is nothing that opening it again would mend. What comes before it is open isn't lost: the topic's reader
// outlives it.
#pragma once

#include "bus/log.h"
#include "capture/source.h"

namespace vedette::capture {

class IngestSource final : public Source {
 public:
  static bus::LogSubscriber make_topic(const SourceOptions& options, const bus::BusDir& dir);
  // `topic` outlives it.
  static Result<std::unique_ptr<Source>> open(bus::LogSubscriber& topic, Idle idle);

  Read read() override;
  void write_picture(const vision::MutableImageView& out) override;

 private:
  IngestSource(bus::LogSubscriber& topic, Idle idle);
  bool accept();

  Idle idle_;
  bus::LogSubscriber& topic_;
  std::vector<std::byte> record_;
};

}  // namespace vedette::capture
