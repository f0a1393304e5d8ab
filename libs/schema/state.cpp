#include "schema/state.h"

#include <cmath>

namespace vedette {
namespace {

constexpr std::size_t kMostCounts = 256;  // more than a record has room for

}  // namespace

Result<CameraState> decode_state(std::span<const std::byte> bytes) {
  RecordBuffer copy;
  VD_ASSIGN(const schema::State* const record, copy_record<schema::State>(bytes, copy));
  if (!is_mode(record->mode())) return bad_value("state record", "mode", static_cast<unsigned>(record->mode()));
  if (!is_mode(record->previous_mode())) return bad_value("state record", "mode", static_cast<unsigned>(record->previous_mode()));
  CameraState state{record->mode(),
                    record->previous_mode(),
                    record->since_ns(),
                    record->heartbeat_at_ns(),
                    record->paused(),
                    record->last_frame_id(),
                    record->targets(),
                    record->detections_stale(),
                    record->still(),
                    record->detecting(),
                    {},
                    std::isfinite(record->threshold()) ? record->threshold() : 0.0f,
                    record->forced()};
  if (record->counts() != nullptr)
    for (const schema::Count* count : *record->counts())
      if (state.counts.size() < kMostCounts)
        state.counts.push_back(
            {text_of(count->place()), text_of(count->label()), count->inside(), count->into(), count->out_of()});
  return state;
}

}  // namespace vedette
