#include "tools/echo.h"

#include <fmt/format.h>

#include <optional>

#include "base/clock.h"
#include "base/process.h"
#include "look/records.h"
#include "schema/class_names.h"
#include "schema/frame.h"
#include "tools/bus_place.h"
#include "tools/output.h"
#include "tools/topic_tap.h"

namespace vedette::tools {
namespace {

constexpr auto kLookForStop = std::chrono::milliseconds(100);
constexpr std::uint64_t kSayWaitingNs = 500'000'000;  // a topic that is there is attached to long before

// Tells once why nothing comes, and again only if the reason changes.
class Waiting {
 public:
  void tell(const bus::Subscription& topic) {
    if (topic.attached()) {
      told_.clear();
      since_ns_ = monotonic_ns();
      return;
    }
    if (age_ns(since_ns_) < kSayWaitingNs) return;
    const std::string why =
        topic.error() ? topic.error()->text
                      : topic.topic().text() + ": no such topic yet; waiting for it (vedette top lists those there are)";
    if (why != told_) note(why);
    told_ = why;
  }

 private:
  std::uint64_t since_ns_ = monotonic_ns();
  std::string told_;
};

std::string text_of(const TappedRecord& taken, std::uint64_t schema_id, const std::vector<std::string>& class_names, bool json) {
  const std::uint64_t now = monotonic_ns();
  auto record = look::to_json(schema_id, taken.bytes, class_names, now);
  if (!json)
    return fmt::format("{}  {} bytes{}  {}\n", taken.frame_id, taken.bytes.size(),
                       taken.missed != 0 ? fmt::format("  ({} missed)", taken.missed) : "", look::to_line(record));
  nlohmann::ordered_json all{{"frame_id", taken.frame_id},
                             {"sequence", taken.sequence},
                             {"bytes", taken.bytes.size()},
                             {"missed", taken.missed},
                             {"schema", look::schema_name(schema_id)}};
  all.update(record);
  return json_line(all) + "\n";
}

}  // namespace

Result<> echo(const EchoOptions& options) {
  VD_ASSIGN(const bus::TopicName name, bus::TopicName::parse(options.topic));
  VD_ASSIGN(const bus::BusDir dir, open_existing_bus(options.bus_dir));
  TopicTap tap(dir, name, options.passive);
  Waiting waiting;
  tap.topic().wait(Nanoseconds::zero());  // attaches, if it is there
  for (std::uint64_t printed = 0; !stop_requested() && (options.count == 0 || printed < options.count);) {
    // Of pictures "those still kept" means leftovers in slots that nobody needed again: begin with what is now.
    const bool from_now = printed == 0 && tap.topic().schema_id() == kFrameSchema;
    const auto taken = options.newest || from_now ? tap.take_newest() : tap.take_next();
    waiting.tell(tap.topic());
    if (!taken) {
      tap.topic().wait(kLookForStop);
      continue;
    }
    const auto class_names = split_class_names(tap.topic().metadata());
    if (!print(text_of(*taken, tap.topic().schema_id(), class_names, options.json))) return {};
    ++printed;
  }
  return {};
}

}  // namespace vedette::tools
