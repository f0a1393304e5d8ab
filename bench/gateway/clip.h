// A clip of raw pictures on the bus, and what becomes of it: by vedette-encode, and as JPEGs as the gateway makes them.
#pragma once

#include <string>

namespace vedette::bench {

// `raw`: 1920 x 1080 I420 (limited range, BT.709), picture behind picture. Publishes each as a frame of `camera`, 30 a second or
// as fast as they are encoded, and appends what <camera>/encoded gives to the file `out`. Prints the bytes of a picture.
int encode_clip(const std::string& bus, const std::string& camera, const std::string& raw, const std::string& out);
// The same pictures as JPEGs of that quality, one behind the other in `out`.
int jpeg_clip(const std::string& raw, int quality, const std::string& out);

}  // namespace vedette::bench
