#include "titrate/comm/device.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate::comm {
namespace {

TEST(Device, HasThreeKinds) {
  EXPECT_EQ(parse_choice<DeviceKind>("auto", "--device"), DeviceKind::automatic);
  EXPECT_EQ(parse_choice<DeviceKind>("cpu", "--device"), DeviceKind::cpu);
  EXPECT_EQ(parse_choice<DeviceKind>("cuda", "--device"), DeviceKind::cuda);
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
