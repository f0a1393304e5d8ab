#include "model/model_text.h"

#include <fstream>

namespace vedette::model {

ModelText text_of(const Backend& backend, const std::string& path, std::size_t names) {
  return {.metadata = [&backend](std::string_view key) { return backend.metadata(key); },
          .mentions = [path](std::string_view word) { return file_mentions(path, word); },
          .names = names};
}

bool file_mentions(const std::string& path, std::string_view word) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  std::string window;  // the end of the last block and the next one, so that no word is cut in two
  while (file) {
    window.erase(0, window.size() - std::min(window.size(), word.size()));
    const std::size_t kept = window.size();
    window.resize(kept + kBlock);
    file.read(window.data() + kept, static_cast<std::streamsize>(kBlock));
    window.resize(kept + static_cast<std::size_t>(file.gcount()));
    if (window.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace vedette::model
