// vd_writer_* and what is done with slots on loan.
#include <cstddef>
#include <cstring>

#include "bus_c/bus_state.h"

namespace vedette::c {
namespace {

Result<bus::RingOptions> from_c(const vd_writer_options& options) {
  const auto bad = [](const char* text) { return Error{ErrorCode::kInvalidArgument, text}; };
  if (options.schema_id == VD_ANY_SCHEMA)
    return bad("vd_writer_options.schema_id is 0; say what the records are: VD_FRAME_SCHEMA, or a number of your own");
  if (options.policy > VD_OLDEST_FIRST) return bad("vd_writer_options.policy: expected VD_LOWEST_FREE or VD_OLDEST_FIRST");
  if (options.metadata == nullptr && options.metadata_bytes > 0)
    return bad("vd_writer_options.metadata is NULL, but metadata_bytes isn't 0");
  constexpr std::uint64_t kMostMetadata = 4000;  // asked here: the pointer is followed next
  if (options.metadata_bytes > kMostMetadata) return bad("vd_writer_options.metadata_bytes: at most 4000 bytes");
  // Counts so large that their sum would wrap; the sum itself is checked by the ring.
  constexpr std::uint32_t kMost = 1u << 16;
  if (options.keep > kMost || options.writer_slots > kMost || options.readers > kMost || options.held_per_reader > kMost)
    return bad("vd_writer_options: keep, writer_slots, readers or held_per_reader is far too large");
  bus::RingOptions ring;
  ring.schema_id = options.schema_id;
  ring.slot_bytes = options.slot_bytes;
  ring.keep = options.keep;
  ring.writer_slots = options.writer_slots;
  ring.readers = options.readers;
  ring.held_per_reader = options.held_per_reader;
  ring.policy = options.policy == VD_OLDEST_FIRST ? bus::SlotPolicy::kOldestFirst : bus::SlotPolicy::kLowestFree;
  if (options.metadata_bytes > 0) ring.metadata.assign(options.metadata, options.metadata_bytes);
  return ring;
}

vd_status read_options(const vd_writer_options* options, bus::RingOptions& ring) {
  if (options == nullptr)
    return fail(VD_INVALID_ARGUMENT, "the vd_writer_options are NULL; start from vd_writer_options_default()");
  constexpr std::uint32_t kKnown = sizeof(vd_writer_options);
  if (const vd_status status = check_size(options->size, kKnown, kKnown, options, "vd_writer_options"); status != VD_OK)
    return status;
  auto read = from_c(*options);
  if (!read.ok()) return fail(read.error());
  ring = std::move(read).value();
  return VD_OK;
}

// The handle and the slot's token, or why not. Holds no lock afterwards: the writer's own thread alone adds and ends loans.
vd_status check_slot(vd_writer* writer, const vd_slot* slot) {
  if (const vd_status status = check_handle(writer, "writer"); status != VD_OK) return status;
  if (slot == nullptr) return fail(VD_INVALID_ARGUMENT, "the vd_slot is NULL");
  if (slot->loan == 0)
    return fail(VD_INVALID_ARGUMENT, "the vd_slot is empty: never loaned, or published or released already; call vd_loan()");
  return VD_OK;
}

vd_status no_such_slot() {
  return fail(VD_INVALID_ARGUMENT, "the vd_slot isn't on loan here: published or released already, or of another writer");
}

}  // namespace

// The loan behind the slot's token, or none with the reason as last error. The mutex is held.
static bus::Loan* loan_of(WriterState& state, const vd_slot& slot) {
  Slot* found = state.slots.find(slot.loan);
  if (found == nullptr) return (void)no_such_slot(), nullptr;
  if (auto* loan = std::get_if<bus::Loan>(found)) return loan;
  fail(VD_INVALID_ARGUMENT, "the vd_slot was published already and is only held; vd_slot_release() it, loan another");
  return nullptr;
}

std::span<std::byte> loaned_bytes(vd_writer* writer, const vd_slot* slot) {
  if (check_slot(writer, slot) != VD_OK) return {};
  const std::lock_guard lock(writer->state->mutex);
  const bus::Loan* loan = loan_of(*writer->state, *slot);
  return loan == nullptr ? std::span<std::byte>() : loan->bytes();
}

vd_status publish(vd_writer* writer, vd_slot* slot, std::uint64_t frame_id, std::uint64_t bytes, bool held) {
  if (const vd_status status = check_slot(writer, slot); status != VD_OK) return status;
  WriterState& state = *writer->state;
  const std::lock_guard lock(state.mutex);
  bus::Loan* loan = loan_of(state, *slot);
  if (loan == nullptr) return VD_INVALID_ARGUMENT;
  if (bytes > loan->bytes().size())
    return fail(VD_INVALID_ARGUMENT, "publishing " + std::to_string(bytes) + " bytes from a slot of " +
                                         std::to_string(loan->bytes().size()) +
                                         "; open or resize the writer with larger slot_bytes");
  const bool current = state.writer.owns(*loan);
  bus::Held published = state.writer.publish_held(std::move(*loan), frame_id, bytes);
  if (held && current) {
    *state.slots.find(slot->loan) = std::move(published);
    return VD_OK;
  }
  (void)state.slots.take(slot->loan);
  *slot = {};
  if (current) return VD_OK;
  return fail(VD_UNAVAILABLE, "the slot was loaned before the topic's files were replaced; counted as dropped, loan another");
}

}  // namespace vedette::c

using namespace vedette;

extern "C" {

vd_status vd_writer_open(vd_bus* bus, const char* topic, const vd_writer_options* options, vd_writer** writer) {
  return c::guarded([&]() -> vd_status {
    if (writer == nullptr)
      return c::fail(VD_INVALID_ARGUMENT, "vd_writer_open: there is no place for the result (writer is NULL)");
    *writer = nullptr;
    if (const vd_status status = c::check_handle(bus, "bus"); status != VD_OK) return status;
    const auto name = c::topic_of(topic);
    if (!name.ok()) return c::fail(name.error());
    bus::RingOptions ring;
    if (const vd_status status = c::read_options(options, ring); status != VD_OK) return status;
    auto opened = bus::RingWriter::open(*bus->state->dir, *name, ring);
    if (!opened.ok()) return c::fail(opened.error());
    *writer =
        c::HandlePool<vd_writer>::instance().open(std::make_shared<c::WriterState>(bus->state->dir, std::move(opened).value()));
    return VD_OK;
  });
}

void vd_writer_close(vd_writer* writer) { c::HandlePool<vd_writer>::instance().close(writer); }

vd_status vd_writer_remove(vd_writer* writer) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    writer->state->writer.remove();
    vd_writer_close(writer);
    return VD_OK;
  });
}

vd_status vd_loan(vd_writer* writer, vd_slot* slot) {
  return c::guarded([&]() -> vd_status {
    if (slot == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_loan: there is no place for the result (slot is NULL)");
    *slot = {};
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    auto loan = writer->state->writer.loan();
    if (!loan) return VD_NO_SLOT;
    const auto bytes = loan->bytes();
    const std::lock_guard lock(writer->state->mutex);
    *slot = vd_slot{bytes.data(), bytes.size(), writer->state->slots.put(std::move(*loan)), 0};
    return VD_OK;
  });
}

vd_status vd_publish(vd_writer* writer, vd_slot* slot, uint64_t frame_id, uint64_t bytes) {
  return c::guarded([&] { return c::publish(writer, slot, frame_id, bytes, false); });
}

vd_status vd_publish_held(vd_writer* writer, vd_slot* slot, uint64_t frame_id, uint64_t bytes) {
  return c::guarded([&] { return c::publish(writer, slot, frame_id, bytes, true); });
}

vd_status vd_slot_release(vd_writer* writer, vd_slot* slot) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_slot(writer, slot); status != VD_OK) return status;
    const std::lock_guard lock(writer->state->mutex);
    if (writer->state->slots.find(slot->loan) == nullptr) return c::no_such_slot();
    (void)writer->state->slots.take(slot->loan);
    *slot = {};
    return VD_OK;
  });
}

vd_status vd_count_drop(vd_writer* writer) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    writer->state->writer.count_drop();
    return VD_OK;
  });
}

vd_status vd_next_frame_id(vd_writer* writer, uint64_t* frame_id) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    if (frame_id == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_next_frame_id: frame_id is NULL");
    *frame_id = writer->state->writer.next_frame_id();
    return VD_OK;
  });
}

vd_status vd_beat(vd_writer* writer) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    writer->state->writer.beat();
    return VD_OK;
  });
}

vd_status vd_writer_resize(vd_writer* writer, const vd_writer_options* options) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    bus::RingOptions ring;
    if (const vd_status status = c::read_options(options, ring); status != VD_OK) return status;
    return c::status_of(writer->state->writer.resize(ring));
  });
}

vd_status vd_writer_demand(vd_writer* writer, vd_demand* demand) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    if (demand == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_writer_demand: demand is NULL");
    *demand = c::to_c(writer->state->writer.demand());
    return VD_OK;
  });
}

vd_status vd_writer_wait_demand(vd_writer* writer, int64_t timeout_ns) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    return writer->state->writer.wait_demand(c::timeout_of(timeout_ns)) ? VD_OK : VD_TIMEOUT;
  });
}

vd_status vd_writer_stats(vd_writer* writer, vd_stats* stats) {
  return c::guarded([&]() -> vd_status {
    if (const vd_status status = c::check_handle(writer, "writer"); status != VD_OK) return status;
    if (stats == nullptr) return c::fail(VD_INVALID_ARGUMENT, "vd_writer_stats: stats is NULL");
    *stats = c::to_c(writer->state->writer.stats());
    return VD_OK;
  });
}

}  // extern "C"
