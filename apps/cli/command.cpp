#include "cli/command.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "stage/command.h"

namespace vedette::cli {
namespace {

using schema::CommandKind;

struct Verb {
  std::string_view name;
  CommandKind kind;
  std::size_t words;         // that follow
  std::string_view follows;  // what they are
};
constexpr std::array<Verb, 8> kVerbs{{{"pause", CommandKind::Pause, 0, ""},
                                      {"resume", CommandKind::Resume, 0, ""},
                                      {"auto", CommandKind::AutoMode, 0, ""},
                                      {"force", CommandKind::ForceMode, 1, "a mode: standby, validation or tracking"},
                                      {"respawn", CommandKind::Respawn, 0, ""},
                                      {"detect", CommandKind::StartDetecting, 1, "on or off"},
                                      {"set", CommandKind::Set, 2, "a key and its value, such as threshold 0.6"},
                                      {"unset", CommandKind::Unset, 1, "a key, such as threshold"}}};

std::optional<Mode> parse_mode(std::string_view name) {
  for (const Mode mode : {Mode::Standby, Mode::Validation, Mode::Tracking})
    if (name == to_string(mode)) return mode;
  return std::nullopt;
}

Error expected(const Verb& verb) {
  return {ErrorCode::kInvalidArgument,
          std::string(verb.name) + " is followed by " + (verb.words == 0 ? "nothing" : std::string(verb.follows))};
}

Result<stage::Command> command_of(const CommandOptions& options) {
  const auto verb = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Verb& known) { return known.name == options.verb; });
  if (verb == kVerbs.end())
    return Error{ErrorCode::kInvalidArgument,
                 "unknown command \"" + options.verb + "\"; expected pause, resume, auto, force, respawn, detect, set or unset"};
  const std::vector<std::string>& words = options.words;
  if (words.size() != verb->words) return expected(*verb);
  stage::Command command;
  command.camera = options.camera;
  command.kind = verb->kind;
  if (verb->name == "force") {
    const auto mode = parse_mode(words[0]);
    if (!mode) return expected(*verb);
    command.mode = *mode;
  } else if (verb->name == "detect") {
    if (words[0] != "on" && words[0] != "off") return expected(*verb);
    if (words[0] == "off") command.kind = CommandKind::StopDetecting;
  } else if (verb->words > 0) {
    command.key = words[0];
    if (verb->words > 1) command.value = words[1];
  }
  return command;
}

}  // namespace

Result<> send_command(const CommandOptions& options) {
  VD_ASSIGN(const stage::Command command, command_of(options));
  return stage::send_command(options.bus_dir, command);
}

}  // namespace vedette::cli
