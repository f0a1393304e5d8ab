// Packets: the way of a camera's bitstream into the log <camera>/packets, picture by picture under the frames' ids, sound between
// them.
//
// The log is made when the first packet comes, sized for its codec. Thread-bound. If a reader dies or is slow, nothing here
// notices.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "bus/log.h"
#include "schema/packet.h"
#include "stage/topics.h"

namespace vedette::capture {

struct PacketsOptions {
  bus::TopicName topic;
  stage::Share share;
  stage::PacketsKept kept;  // but for the codec
  bool plan_only = false;   // makes no log: nothing is published, and planned() says what log it would have been
};

struct PacketCounters {
  std::uint64_t published = 0;
  std::uint64_t too_long = 0;
};

class Packets {
 public:
  Packets(const bus::BusDir& dir, PacketsOptions options) : dir_(dir), options_(std::move(options)) {}

  // `info` has all but the times of publishing and the lengths. An Error is the log's (too small a tmpfs, a second writer).
  Result<> publish(PacketInfo info, std::span<const std::byte> config, std::span<const std::byte> data);

  // Sign of life; nothing while there is no log yet.
  void beat();
  // Somebody wants packets. True while there is no log they could ask through.
  bool wanted() const;
  bool enabled() const { return !options_.plan_only; }
  // With plan_only, once a packet was there: the log that it needs.
  const std::optional<bus::LogOptions>& planned() const { return planned_; }
  const PacketCounters& counters() const { return counters_; }

 private:
  Result<> ensure_log(Codec codec);

  const bus::BusDir& dir_;
  const PacketsOptions options_;
  std::optional<bus::LogWriter> writer_;
  std::optional<bus::LogOptions> planned_;
  std::optional<Error> error_;
  Codec sized_for_ = Codec::Unknown;
  PacketCounters counters_;
};

}  // namespace vedette::capture
