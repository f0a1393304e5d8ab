// A folder of pictures, shown one after the other in the order of their names: JPEG as packets, all else that FFmpeg reads (PNG,
// BMP, WebP, …) as pictures. `fps` pictures a second, one if it isn't given. A file that can't be read is counted and skipped.
#pragma once

#include "capture/source.h"

namespace vedette::capture {

bool is_folder(const std::string& path);
std::string path_of(const std::string& url);  // without "file:"

class FolderSource final : public Source {
 public:
  // kInvalidArgument when the folder holds no file at all.
  static Result<std::unique_ptr<Source>> open(const SourceOptions& options, Idle idle);

  Read read() override;
  void write_picture(const vision::MutableImageView& out) override;
  bool rewind() override;

 private:
  FolderSource(const SourceOptions& options, Idle idle);
  bool load(const std::string& file);

  const std::string folder_;
  Idle idle_;
  std::vector<std::string> files_;
  std::size_t next_ = 0;
  std::int64_t shown_ = 0;  // pictures of this round
  std::vector<std::byte> bytes_;
  FramePtr picture_;
};

}  // namespace vedette::capture
