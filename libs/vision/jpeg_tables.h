// Cameras' JPEGs that leave out their Huffman tables (AVI1: the standard's are meant): decoders of ours let that pass, browsers
// and most programs don't. Pure functions; files come from cameras and may be anything.
#pragma once

#include <cstddef>
#include <span>

namespace vedette::vision {

// Where standard_huffman_tables() is to be put into such a file: in front of its first scan. 0: it has tables of its own, or is
// no JPEG.
std::size_t huffman_tables_missing_at(std::span<const std::byte> file);

// A DHT segment, marker and all: the four tables of ITU-T T.81, annex K.3.
std::span<const std::byte> standard_huffman_tables();

}  // namespace vedette::vision
