// SourceReport: how this input's connection to its camera does, in the topic <camera>/source: for health pages and for people.
//
// Thread-bound, the capture loop's. Publishes when something changed and twice a second while pictures come. Nobody depends on
// it: if the topic can't be written, capture goes on and it is tried again once a second.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bus/ring.h"
#include "schema/records.h"
#include "stage/topics.h"

namespace vedette::capture {

class SourceReport {
 public:
  // `dir` must outlive it.
  SourceReport(const bus::BusDir& dir, bus::TopicName topic, const stage::Share& share);

  void opened(const std::string& about);
  void failed(const std::string& why);  // it is opened again
  // When the last whole picture came; 0: none yet.
  void picture(std::uint64_t at_ns);
  // Call ten times a second.
  void beat(std::uint64_t now_ns);

 private:
  void change(schema::SourceStatus status);
  void publish(std::uint64_t now_ns);

  const bus::BusDir& dir_;
  const bus::TopicName topic_;
  const stage::Share share_;
  std::optional<bus::RingWriter> writer_;
  std::uint64_t next_open_ns_ = 0;
  std::uint64_t next_publish_ns_ = 0;
  schema::SourceStatus status_ = schema::SourceStatus::Opening;
  std::uint64_t since_ns_;
  std::uint64_t picture_at_ns_ = 0;
  std::string about_;
  std::string error_;
  bool changed_ = true;
};

}  // namespace vedette::capture
