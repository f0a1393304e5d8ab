// Records of packets: what a reader of hostile bytes is told.
#include "schema/packet.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace vedette {
namespace {

std::vector<std::byte> record_of(PacketInfo info, std::span<const std::byte> config, std::span<const std::byte> data) {
  std::vector<std::byte> record;
  for (const auto piece : packet_pieces(info, config, data)) record.insert(record.end(), piece.begin(), piece.end());
  return record;
}

PacketInfo picture(Codec codec, std::uint32_t width, std::uint32_t height) {
  PacketInfo info;
  info.mutate_codec(codec);
  info.mutate_width(width);
  info.mutate_height(height);
  info.mutate_keyframe(1);
  return info;
}

TEST(PacketRecord, ComesOutAsItWasWritten) {
  const std::vector<std::byte> config(7, std::byte{3}), data(1000, std::byte{9});
  const auto record = record_of(picture(Codec::H264, 640, 360), config, data);
  const auto view = packet_view(record);
  ASSERT_TRUE(view.ok()) << view.error().text;
  EXPECT_EQ(view->info.width(), 640u);
  EXPECT_TRUE(std::equal(config.begin(), config.end(), view->config.begin(), view->config.end()));
  EXPECT_TRUE(std::equal(data.begin(), data.end(), view->data.begin(), view->data.end()));
}

TEST(PacketRecord, RawPicturesHaveAllTheirBytes) {
  const struct {
    PixelFormat format;
    std::uint32_t width, height;
    std::size_t bytes;
  } cases[] = {{PixelFormat::I420, 64, 48, 64 * 48 * 3 / 2},
               {PixelFormat::I420, 5, 3, 15 + 2 * 6},
               {PixelFormat::NV12, 5, 3, 15 + 6 * 2},
               {PixelFormat::YUYV, 5, 3, 12 * 3},
               {PixelFormat::GRAY8, 5, 3, 15},
               {PixelFormat::BGR24, 5, 3, 45}};
  for (const auto& one : cases) {
    EXPECT_EQ(raw_picture_bytes(one.format, one.width, one.height), one.bytes) << to_string(one.format);
    const std::byte config[] = {static_cast<std::byte>(one.format)};
    std::vector<std::byte> data(one.bytes);
    const auto view = packet_view(record_of(picture(Codec::RAW, one.width, one.height), config, data));
    EXPECT_TRUE(view.ok()) << view.error().text;
    data.pop_back();
    EXPECT_FALSE(packet_view(record_of(picture(Codec::RAW, one.width, one.height), config, data)).ok());
  }
  EXPECT_EQ(raw_picture_bytes(PixelFormat::Unknown, 5, 3), 0u);
  EXPECT_EQ(raw_picture_bytes(PixelFormat::I420, 0, 3), 0u);
  EXPECT_EQ(raw_picture_bytes(PixelFormat::I420, 3, kMaxSide + 1), 0u);
}

TEST(PacketRecord, WhatCanNotBeIsRefused) {
  const std::vector<std::byte> data(16);
  const auto good = record_of(picture(Codec::MJPEG, 4, 4), {}, data);
  ASSERT_TRUE(packet_view(good).ok());
  auto longer = good;
  longer.push_back({});
  EXPECT_FALSE(packet_view(longer).ok());
  EXPECT_FALSE(packet_view(std::span(good).first(good.size() - 1)).ok());
  EXPECT_FALSE(packet_view(std::span(good).first(sizeof(PacketInfo) - 1)).ok());
  EXPECT_FALSE(packet_view(record_of(picture(Codec::Unknown, 4, 4), {}, data)).ok());
  EXPECT_FALSE(packet_view(record_of(picture(static_cast<Codec>(5), 4, 4), {}, data)).ok());
  EXPECT_FALSE(packet_view(record_of(picture(static_cast<Codec>(99), 4, 4), {}, data)).ok());
  EXPECT_FALSE(packet_view(record_of(picture(Codec::MJPEG, 0, 4), {}, data)).ok());
  EXPECT_FALSE(packet_view(record_of(picture(Codec::MJPEG, kMaxSide + 1, 4), {}, data)).ok());
  for (const std::vector<std::byte>& config : {std::vector<std::byte>{}, std::vector<std::byte>(2),
                                               std::vector<std::byte>{std::byte{0}}, std::vector<std::byte>{std::byte{200}}})
    EXPECT_FALSE(packet_view(record_of(picture(Codec::RAW, 4, 4), config, data)).ok());
  PacketInfo half = picture(Codec::H264, 4, 4);
  half.mutate_keyframe(2);
  EXPECT_FALSE(packet_view(record_of(half, {}, data)).ok());
}

}  // namespace
}  // namespace vedette
