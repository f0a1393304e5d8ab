// A topic's files: names, the writer's lock, creating whole files under a name at once. Internal to the bus.
#pragma once

#include <sys/stat.h>

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bus/directory.h"
#include "bus/layout.h"
#include "bus/lock_file.h"
#include "bus/mapping.h"

namespace vedette::bus {

inline constexpr std::string_view kLeaseSuffix = ".leases";
inline constexpr std::string_view kLockSuffix = ".lock";

// The writer's lock of a topic, for as long as the result lives. kBusy, with the holder's pid, while a writer lives.
Result<LockFile> lock_topic(int camera_fd, const TopicName& topic);

// A nameless file of `bytes`, fully allocated, with the given mode whatever the umask is.
Result<UniqueFd> create_file(int camera_fd, std::size_t bytes, unsigned mode);
// Gives it a name; what had the name before loses it in the same instant.
Result<> name_file(int fd, int camera_fd, const std::string& name);

// Opens an existing file of the topic, refusing symlinks and anything but regular files. kNotFound if it isn't there.
Result<UniqueFd> open_file(int camera_fd, const std::string& name, int flags);

// Are there parts of it that take no memory yet? Mapping it would allocate them.
bool has_holes(const struct stat& status);
// Is it as this user's writers make their files?
bool is_own_file(const struct stat& status, unsigned mode);

// Can a writer have left this, whatever it died in the middle of? The head names a record that is there, at most one record is
// newer, no two slots hold the same one, and no number is near its end.
bool is_sound(const Header& header, std::span<const Descriptor> descriptors);

// The newest frame id in a payload file that is given up; its writer may have died before the header said so.
std::uint64_t newest_frame_id(const Mapping& payload);

// Removes what a writer that died while it named its files left. The caller holds the topic's lock.
void unlink_interim(int camera_fd, const std::string& topic);

// Removes the topic's files. The caller holds its lock.
void unlink_topic(int camera_fd, const std::string& topic);

}  // namespace vedette::bus
