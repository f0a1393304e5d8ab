// Way: what encodes H.264 on this machine: a hardware encoder, or libx264 or libopenh264 on the processor. Tried at start by
// encoding a picture, so that what is chosen works. Blocking (a driver may take a second); what comes out is plain data,
// thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "libav/libav.h"

namespace vedette::encode {

struct BufferDeleter {
  void operator()(AVBufferRef* buffer) const { av_buffer_unref(&buffer); }
};
using BufferPtr = std::unique_ptr<AVBufferRef, BufferDeleter>;

struct Way {
  const AVCodec* codec = nullptr;
  std::shared_ptr<AVBufferRef> device;  // of hardware that has memory of its own; null: it takes pictures where they lie
  bool software = true;
  bool takes_nv12 = true;  // besides I420; with a `device` NV12 alone
  std::string name() const { return codec->name; }
  // It takes as many bits as that needs; others get a rate, which goes by how many pictures come.
  bool keeps_quality() const { return name() == "libx264"; }
};

struct Ways {
  Way chosen;
  Way software;        // where the chosen one fails; the same if that is software. codec null: this libav has none
  std::string remark;  // why it isn't what was asked for; "": it is
};

// `wanted`: encode.encoder. kNotFound: nothing here encodes H.264.
Result<Ways> find_ways(const std::string& wanted);

}  // namespace vedette::encode
