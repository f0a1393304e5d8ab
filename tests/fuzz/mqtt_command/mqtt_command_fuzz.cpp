// What anybody may publish at a broker: a topic, a line break, a payload. As a command, and as an earlier discovery message.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "notify/commands.h"
#include "notify/discovery.h"
#include "notify/topics.h"

using namespace vedette;
using namespace vedette::notify;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view payload = text.substr(std::min(line + 1, text.size()));
  const auto topic = Topics("vedette", "test").command(text.substr(0, line));
  if (topic) {
    const auto commands = parse_command(topic->camera, topic->key, payload);
    if (commands) {
      VD_ASSERT(!commands->empty() && commands->size() <= 4, "so many commands");
      for (const stage::Command& command : *commands) {
        VD_ASSERT(command.camera == topic->camera, "another camera's");
        const double threshold = command.kind == schema::CommandKind::Set ? std::stod(command.value) : 0.0;
        VD_ASSERT(threshold >= 0.0 && threshold <= 1.0, "a threshold that there isn't");
      }
    } else {
      const std::string& sentence = commands.error().text;
      VD_ASSERT(!sentence.empty() && sentence.size() < 300, "no sentence");
      VD_ASSERT(sentence.find('\n') == std::string::npos, "more than a line for the log");
    }
  }
  for (const auto& [id, topics] : read_announced(payload).topics) VD_ASSERT(topics.size() <= 2, "more topics than fields");
  return 0;
}
