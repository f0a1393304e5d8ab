// A bus recording's bytes: docs/recording.md has them for other languages. Append-only; whatever is cut off at the end, by a full
// disk, a kill or a power cut, the records before it stay readable. All numbers are little endian.
//
//   Preamble | chunk | chunk | …            chunk: ChunkHeader | body | zeros up to a multiple of 8
//
// A chunk's hashes are XXH3 (64 bit): of its header with the chunk's place in the file as seed (bytes of a recording within a
// record are no chunks of this one), and of its body. Topic chunks come before the first record that names them. An index chunk
// lists what came since the one before, and is written only after that is on the disk. An end chunk is the file's last.
#pragma once

#include <bit>
#include <cstdint>

namespace vedette::recording {

static_assert(std::endian::native == std::endian::little, "structs of this file are written as they are");

inline constexpr std::uint64_t kFileMagic = 0x3143'4552'4454'4456;  // "VDTDREC1"
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::uint32_t kChunkMagic = 0x4b43'4456;  // "VDCK"

enum class ChunkKind : std::uint32_t { kTopic = 1, kRecord = 2, kIndex = 3, kEnd = 4 };

struct Preamble {
  std::uint64_t magic = kFileMagic;
  std::uint32_t version = kFormatVersion;
  std::uint32_t reserved = 0;
  std::uint64_t began_at_ns = 0;    // CLOCK_MONOTONIC of the machine it was made on
  std::uint64_t began_wall_ns = 0;  // since the Unix epoch
};

struct ChunkHeader {
  std::uint32_t magic = kChunkMagic;
  ChunkKind kind = ChunkKind::kRecord;
  std::uint64_t body_bytes = 0;
  std::uint64_t body_hash = 0;
  std::uint64_t header_hash = 0;  // of the 24 bytes before
};

// Topics are numbered 0, 1, 2, … in the order of their chunks. A topic whose geometry changed has a chunk and a number of its
// own.
struct TopicFields {
  std::uint32_t id = 0;
  std::uint32_t name_bytes = 0;  // "cam0/frames", behind these fields
  std::uint64_t schema_id = 0;
  std::uint64_t slot_bytes = 0;
  std::uint32_t keep = 0;
  std::uint32_t writer_slots = 0;
  std::uint32_t readers = 0;
  std::uint32_t held_per_reader = 0;
  std::uint32_t policy = 0;          // as in a topic's header; kLogPolicy: see below
  std::uint32_t metadata_bytes = 0;  // behind the name
};

// A log's topic: slot_bytes is its longest record, keep its index entries, writer_slots its data in units of 4096 bytes.
inline constexpr std::uint32_t kLogPolicy = 2;
inline constexpr std::uint64_t kLogUnit = 4096;
// Of a log's record, in its sequence: a reader may begin there.
inline constexpr std::uint64_t kKeyframe = 1ull << 63;

struct RecordFields {  // the payload is behind them
  std::uint32_t topic = 0;
  std::uint32_t missed = 0;  // records of the topic that came right before it and aren't here
  std::uint64_t sequence = 0;
  std::uint64_t frame_id = 0;
  std::uint64_t at_ns = 0;  // CLOCK_MONOTONIC: when it was published, or else taken
};

struct IndexFields {           // topic offsets (8 bytes each), then entries are behind them
  std::uint64_t previous = 0;  // place of the index before; 0: none
  std::uint32_t topics = 0;
  std::uint32_t entries = 0;
};

struct IndexEntry {
  std::uint64_t offset = 0;  // of the record's chunk
  std::uint64_t payload_bytes = 0;
  RecordFields record;
};

struct EndFields {
  std::uint64_t last_index = 0;
  std::uint64_t records = 0;
  std::uint64_t missed = 0;  // over all topics, after the last record of a topic too
  std::uint64_t ended_at_ns = 0;
};

static_assert(sizeof(Preamble) == 32 && sizeof(ChunkHeader) == 32 && sizeof(TopicFields) == 48 && sizeof(RecordFields) == 32 &&
              sizeof(IndexFields) == 16 && sizeof(IndexEntry) == 48 && sizeof(EndFields) == 32);

inline constexpr std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) & ~std::uint64_t{7}; }

}  // namespace vedette::recording
