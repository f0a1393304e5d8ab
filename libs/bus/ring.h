// Ring: a topic of fixed slots, one writer, many readers, read in place. Loan, write, publish; take, read, release.
//
// Publishing copies nothing and the writer waits for nobody: a slot that a reader has leased, or that is among the `keep`
// newest, or that the writer still holds, isn't reused; when none is free the frame is dropped and counted. A lease's bytes
// never change while it is held (the handshake and its proof: bus/handshake.h). Files of a topic: bus/segment.h.
//
// If a reader dies, the kernel drops its lock and the writer clears its leases (within a second, at once when slots run
// short). If the writer dies, leases stay readable, and the next RingWriter::open() of the topic goes on in the same files
// (epoch + 1). If the geometry changes, new files take the name and readers see kRetired: attach again (Subscriber does).
//
// RingWriter, RingReader, Subscriber: thread-bound (one thread at a time). Loan, Held and Lease may be moved to any thread and
// destroyed there. None may outlive a fork's child: mappings aren't inherited.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "bus/demand.h"
#include "bus/directory.h"
#include "bus/subscription.h"
#include "bus/wait_policy.h"

namespace vedette::bus {

class Segment;      // the writer's mappings of a ring's files
class WriterFiles;  // what it shares with a log's

enum class SlotPolicy {
  kLowestFree,   // cache-warm: the lowest free slot again (frames; keep 1)
  kOldestFirst,  // history: the slot published longest ago (annotations; keep >= 64)
};

struct RingOptions {
  std::uint64_t schema_id = 0;
  std::uint64_t slot_bytes = 0;       // largest payload
  std::uint32_t keep = 1;             // newest published slots that aren't reused
  std::uint32_t writer_slots = 1;     // loans and holds the writer has out at once
  std::uint32_t readers = 16;         // entries: readers at once
  std::uint32_t held_per_reader = 2;  // leases a reader may hold at once
  SlotPolicy policy = SlotPolicy::kLowestFree;
  std::string metadata;  // fixed text for readers (class names, one a line); at most 4000 bytes

  std::uint32_t slots() const { return readers * held_per_reader + keep + writer_slots; }
  bool operator==(const RingOptions&) const = default;
};

// Bytes of the tmpfs that a topic with these options takes, all its files together.
std::uint64_t bytes_needed(const RingOptions& options);

// A slot on loan to the writer: its bytes may be written until it is published. Dropped unpublished, it goes back unseen.
class Loan {
 public:
  Loan(Loan&&) noexcept;
  Loan& operator=(Loan&&) noexcept;
  ~Loan();

  std::span<std::byte> bytes() const;  // slot_bytes long, 64-byte aligned (page-aligned from a page up)
  std::uint32_t slot() const { return slot_; }

 private:
  friend class RingWriter;
  friend class Held;
  Loan(std::shared_ptr<Segment> segment, std::uint32_t slot);
  std::shared_ptr<Segment> give_up();  // ends it
  std::shared_ptr<Segment> segment_;
  std::uint32_t slot_ = 0;
};

// A published slot that the writer still reads (a decoder's reference frame): readable by all, reused by nobody.
class Held {
 public:
  Held(Held&&) noexcept = default;
  Held& operator=(Held&&) noexcept = default;
  std::span<const std::byte> bytes() const { return loan_.bytes(); }

 private:
  friend class RingWriter;
  explicit Held(Loan loan) : loan_(std::move(loan)) {}
  Loan loan_;
};

// For a thread that isn't the writer's: it sleeps until some reader's demand changes. Keeps the writer's files, and its lock on
// the topic, as they were when it was made. Any thread.
class DemandWatch {
 public:
  // Until a demand changed since the writer's watch_demand(), or the timeout; may return early. Then ask demand() of the writer.
  void wait(Nanoseconds timeout) const;
  // A demand changed since then: a reader came, went, or asks for something else.
  bool changed() const;

 private:
  friend class RingWriter;
  friend class LogWriter;
  DemandWatch(std::shared_ptr<const WriterFiles> files, std::uint32_t seen) : files_(std::move(files)), seen_(seen) {}
  std::shared_ptr<const WriterFiles> files_;
  std::uint32_t seen_;
};

// How soon a writer renews files that somebody damaged: at once the first time; who does it again and again must not make it do
// nothing but create files.
class MendPace {
 public:
  bool now();

 private:
  std::uint64_t next_ns_ = 0;
  std::uint64_t wait_ns_ = 0;
};

class RingWriter {
 public:
  // `dir` must outlive the writer. Creates the topic, or takes it over from a dead writer. kBusy while another writer lives;
  // kResourceExhausted, with the bytes needed, when the tmpfs or the memory cgroup is too small.
  static Result<RingWriter> open(const BusDir& dir, const TopicName& topic, const RingOptions& options);
  RingWriter(RingWriter&&) noexcept;
  RingWriter& operator=(RingWriter&&) noexcept;
  ~RingWriter();

  // A free slot, or none; never blocks. A caller that wanted to publish into it then calls count_drop().
  std::optional<Loan> loan();
  void count_drop();

  // Makes the first `bytes` of the slot visible under `frame_id` and wakes who waits. A loan of before a resize (or of before
  // a damaged lease file made the writer renew its files) is counted as dropped. Loans of another writer are our bug.
  void publish(Loan&& loan, std::uint64_t frame_id, std::size_t bytes);
  // The same, but the slot isn't reused before the result is destroyed.
  [[nodiscard]] Held publish_held(Loan&& loan, std::uint64_t frame_id, std::size_t bytes);

  // Frame ids of this topic: start at unix seconds × 2^20 (exact in JSON), go on after a take-over.
  std::uint64_t next_frame_id();

  // Sign of life; also sweeps dead readers once a second. Call at least every 400 ms.
  void beat();

  Demand demand() const;  // the maximum over live readers
  // Blocks until some reader's demand changed since the last call, or the timeout. True: changed.
  bool wait_demand(Nanoseconds timeout);
  // Make it before the look at demand() after which to sleep.
  DemandWatch watch_demand() const;

  TopicStats stats() const;
  const RingOptions& options() const;
  bool took_over() const;  // open() found a dead writer's files

  // New slots, same topic: new files take the name (unless nothing differs), readers attach again. Loans and Holds of before
  // stay valid until they end, but can't be published any more: check owns(). A failure changes nothing.
  Result<> resize(const RingOptions& options);
  bool owns(const Loan& loan) const;

  // Removes the topic's files (an orderly end of the whole bus; a restart leaves them).
  void remove();

 private:
  explicit RingWriter(std::shared_ptr<Segment> segment);
  bool mend();
  const BusDir* dir_ = nullptr;
  std::shared_ptr<Segment> segment_;
  std::shared_ptr<Segment> spare_;  // the last loan's share in segment_, for the next one: counting it costs locked instructions
  MendPace mend_pace_;
};

// One leased slot: bytes that don't change while this lives. Move-only.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();

  explicit operator bool() const { return attachment_ != nullptr; }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::uint64_t frame_id() const { return frame_id_; }
  std::uint64_t sequence() const { return sequence_; }  // 1, 2, 3, … in order of publishing
  void release();

 private:
  friend class RingReader;
  std::shared_ptr<Attachment> attachment_;
  std::span<const std::byte> bytes_;
  std::uint64_t frame_id_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint32_t hazard_ = 0;
};

enum class Take {
  kTaken,
  kNothing,    // nothing newer than what was taken last
  kShareUsed,  // this reader holds held_per_reader leases already: release one or raise the key
  kRetired,    // the topic has new files (or none): attach again
};
enum class Find { kFound, kNotYet, kNever, kShareUsed, kRetired };

struct Taken {
  Take status = Take::kNothing;
  Lease lease;
  std::uint64_t missed = 0;  // records published between the one taken before (at first: attach()) and this one
  explicit operator bool() const { return status == Take::kTaken; }
};
struct Found {
  Find status = Find::kNotYet;
  Lease lease;
  explicit operator bool() const { return status == Find::kFound; }
};

class RingReader {
 public:
  // kNotFound while the topic doesn't exist; kIncompatible with both numbers for another layout version or schema (unless
  // kAnySchema is asked for);
  // kResourceExhausted when all reader entries are taken (names the key to raise).
  static Result<RingReader> attach(const BusDir& dir, const TopicName& topic, std::uint64_t schema_id, Demand demand = {});
  RingReader(RingReader&&) noexcept;
  RingReader& operator=(RingReader&&) noexcept;
  ~RingReader();

  Taken take_newest();  // the newest, if newer than the last taken
  Taken take_next();    // the oldest kept that is newer than the last taken
  Found find(std::uint64_t frame_id);

  // Until something newer than the last taken is there.
  Wait wait(Nanoseconds timeout);
  // How wait() waits from now on; at first it blocks. Call it on the thread that waits: spin is refused without a core of its
  // own.
  Result<> set_wait_policy(const WaitPolicy& policy);

  void set_demand(const Demand& demand);
  TopicStats stats() const;
  const std::string& metadata() const;
  std::uint64_t schema_id() const;
  std::uint64_t slot_bytes() const;       // largest payload
  std::uint32_t held_per_reader() const;  // leases this reader may hold at once

 private:
  friend class Subscriber;
  explicit RingReader(std::shared_ptr<Attachment> attachment);
  bool lease_slot(std::uint32_t slot, std::uint32_t hazard, Lease& lease);
  std::shared_ptr<Attachment> attachment_;
  WaitPolicy policy_;
};

// A RingReader that attaches when its topic appears and again when it is replaced: what a stage uses. What isn't here is of
// Subscription: wait(), set_wait_policy(), set_demand(), stats(), metadata(), error(), …
class Subscriber : public Subscription {
 public:
  Subscriber(const BusDir& dir, TopicName topic, std::uint64_t schema_id, Demand demand = {});

  Taken take_newest();
  Taken take_next();
  Found find(std::uint64_t frame_id);
  // Sleeps while it may still come, at most `timeout`.
  Found find(std::uint64_t frame_id, Nanoseconds timeout);
  std::uint64_t slot_bytes() const;  // 0 while it isn't attached, this and the next
  std::uint32_t held_per_reader() const;

 private:
  RingReader* reader();  // attached, or null
  Result<std::shared_ptr<Attachment>> attach() override;
  void let_go() override;
  std::optional<RingReader> reader_;
};

// As for several subscriptions, which may be of both kinds.
bool wait_any(std::span<Subscriber* const> subscribers, Nanoseconds timeout);

}  // namespace vedette::bus
