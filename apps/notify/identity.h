// Who this Vedette is at a broker. Reads and writes storage.dir; thread-safe.
#pragma once

#include <string>

namespace vedette::notify {

// "vedette-<host name>-<eight hexadecimal digits>". The digits are made up once and kept in the folder; one that can't be written
// to is said in the log, and they hold until this process ends.
std::string made_up_client_id(const std::string& storage_dir);

}  // namespace vedette::notify
