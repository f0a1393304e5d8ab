// The evolving records (FlatBuffers tables). A record is copied out of shared memory or a socket into a buffer of the caller's
// before it is verified: a Verifier run in place can be fooled by a writer that changes the bytes right after it.
// Pure functions, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/frame.h"
#include "schema/records_generated.h"

namespace vedette {

inline constexpr std::uint64_t kControlSchema = 0x5644'434F'0001;  // "VDCO" 1
inline constexpr std::uint64_t kStateSchema = 0x5644'5354'0001;    // "VDST" 1
inline constexpr std::uint64_t kEventSchema = 0x5644'4556'0001;    // "VDEV" 1
inline constexpr std::uint64_t kSourceSchema = 0x5644'534F'0001;   // "VDSO" 1
inline constexpr std::uint64_t kMediaSchema = 0x5644'4D45'0001;    // "VDME" 1

// Largest encoded record of these kinds.
inline constexpr std::size_t kMaxRecordBytes = 4096;

// The verified root of `copy`, which must stay alive and unchanged as long as the result is used. T: schema::State, ….
template <typename T>
Result<const T*> verified(std::span<const std::byte> copy) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(copy.data()), copy.size());
  if (copy.size() > kMaxRecordBytes || !verifier.VerifyBuffer<T>(nullptr))
    return Error{ErrorCode::kCorrupt,
                 "record of " + std::to_string(copy.size()) + " bytes is not a valid " + T::GetFullyQualifiedName()};
  return flatbuffers::GetRoot<T>(copy.data());
}

using RecordBuffer = std::array<std::byte, kMaxRecordBytes>;

// Copies a record out of shared memory and verifies the copy. The result lies in `buffer` and is valid as long as that stays as
// it is.
template <typename T>
Result<const T*> copy_record(std::span<const std::byte> record, RecordBuffer& buffer) {
  if (record.empty() || record.size() > buffer.size()) return verified<T>(record);  // which refuses it by its size
  std::memcpy(buffer.data(), record.data(), record.size());
  return verified<T>(std::span(buffer).first(record.size()));
}

inline std::string text_of(const flatbuffers::String* text) { return text != nullptr ? text->str() : std::string(); }

// Enums aren't checked by a Verifier: "event has kind 99, which there isn't".
Error bad_value(std::string_view record, std::string_view field, unsigned value);

// The bytes of a record whose root was built last.
template <typename T>
std::vector<std::byte> finished(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<T> root) {
  builder.Finish(root);
  const auto* data = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return std::vector<std::byte>(data, data + builder.GetSize());
}

// Silence for so long means that control is gone, and what it wanted with it: go by the configured defaults.
inline constexpr std::uint64_t kControlLostNs = 2'000'000'000;

inline bool is_mode(Mode mode) { return mode >= Mode::MIN && mode <= Mode::MAX; }

std::string_view to_string(schema::EventKind kind);    // "alarm", "camera_lost", …
std::string_view to_string(schema::EventPhase phase);  // "once", "start", "update", "end"
std::string_view to_string(schema::MediaKind kind);    // "snapshot", "clip"

}  // namespace vedette
