#include "capture/source_report.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/clock.h"

namespace vedette::capture {
namespace {

constexpr std::uint64_t kOpenAgainNs = 1'000'000'000;
constexpr std::uint64_t kPublishEveryNs = 500'000'000;
constexpr std::size_t kLongestText = 500;

}  // namespace

SourceReport::SourceReport(const bus::BusDir& dir, bus::TopicName topic, const stage::Share& share)
    : dir_(dir), topic_(std::move(topic)), share_(share), since_ns_(monotonic_ns()) {}

void SourceReport::change(schema::SourceStatus status) {
  if (status != status_) since_ns_ = monotonic_ns();
  status_ = status;
  changed_ = true;
  beat(monotonic_ns());
}

void SourceReport::opened(const std::string& about) {
  about_ = about.substr(0, kLongestText);
  change(schema::SourceStatus::Open);
}

void SourceReport::failed(const std::string& why) {
  error_ = why.substr(0, kLongestText);
  change(schema::SourceStatus::Failed);
}

void SourceReport::picture(std::uint64_t at_ns) {
  changed_ = changed_ || picture_at_ns_ == 0;
  picture_at_ns_ = std::max(picture_at_ns_, at_ns);
}

void SourceReport::beat(std::uint64_t now_ns) {
  if (!writer_ && now_ns >= next_open_ns_) {
    next_open_ns_ = now_ns + kOpenAgainNs;
    auto opened = bus::RingWriter::open(dir_, topic_, stage::source_ring(share_));
    if (opened.ok()) writer_ = std::move(opened).value();
    changed_ = true;
  }
  if (!writer_) return;
  writer_->beat();
  if (changed_ || now_ns >= next_publish_ns_) publish(now_ns);
}

void SourceReport::publish(std::uint64_t now_ns) {
  auto loan = writer_->loan();
  if (!loan) return writer_->count_drop();
  flatbuffers::FlatBufferBuilder builder;
  const auto about = builder.CreateString(about_);
  const auto error = builder.CreateString(error_);
  builder.Finish(schema::CreateSource(builder, status_, since_ns_, now_ns, picture_at_ns_, about, error));
  const auto record = std::as_bytes(builder.GetBufferSpan());
  std::memcpy(loan->bytes().data(), record.data(), record.size());
  writer_->publish(std::move(*loan), writer_->next_frame_id(), record.size());
  changed_ = false;
  next_publish_ns_ = now_ns + kPublishEveryNs;
}

}  // namespace vedette::capture
