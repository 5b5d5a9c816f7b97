#include "titrate/comm/device.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate::comm {
namespace {

TEST(Device, ReadsItsKind) {
  for (const char* text : {"auto", "cpu", "cuda"}) EXPECT_EQ(to_string(parse_device_kind(text)), text);
  try {
    parse_device_kind("gpu");
    FAIL() << "it was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_STREQ(error.what(), "--device: no such device; expected auto, cpu or cuda, got \"gpu\"");
  }
}

TEST(Device, IsTheProcessorWhereAskedFor) {
  const Device device = choose_device(3, DeviceKind::cpu);
  EXPECT_EQ(device.kind, DeviceKind::cpu);
  EXPECT_EQ(device.index, 0);
  EXPECT_EQ(device.pci_id, "");
}

TEST(Device, DealsOutGpusOrSaysWhyThereIsNone) {
  const int gpus = visible_gpus();
  EXPECT_EQ(choose_device(0, DeviceKind::automatic).kind, gpus > 0 ? DeviceKind::cuda : DeviceKind::cpu);
  if (gpus > 0) {
    EXPECT_EQ(choose_device(gpus + 1, DeviceKind::cuda).index, 1 % gpus);
    EXPECT_NE(choose_device(0, DeviceKind::cuda).pci_id, "");
    return;
  }
  try {
    choose_device(0, DeviceKind::cuda);
    FAIL() << "a GPU was found";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(error.info().got, "");
  }
}

}  // namespace
}  // namespace titrate::comm
