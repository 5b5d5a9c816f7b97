#include "../../../src/source/cifar.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "unit/source/array_files.hpp"
#include "unit/source/idx_files.hpp"
#include "unit/source/open_filled.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kPlane = 1024;

// Records of these labels.
std::string records(const std::vector<std::string>& labels, unsigned salt) {
  std::string bytes;
  for (const std::string& label : labels) bytes += label + made_bytes(3 * kPlane, salt++);
  return bytes;
}

class Cifar : public testing::Test {
 protected:
  void put_ten() {
    for (unsigned i = 1; i <= 5; ++i) {
      put_bytes(file("data_batch_" + std::to_string(i) + ".bin"), records({"\x01", "\x09"}, 10 * i));
    }
    put_bytes(file("test_batch.bin"), records({"\x03"}, 60));
  }
  std::filesystem::path file(const std::string& name) const { return folder_.path() / name; }
  Outcome open() {
    return outcome([&] { open_filled(settings_); });
  }
  void expect_refused(const std::string& part, ErrorCode code = ErrorCode::integrity) {
    const Outcome found = open();
    EXPECT_EQ(found.code, code) << found.message;
    EXPECT_NE(found.message.find(part), std::string::npos) << found.message;
  }

  TemporaryFolder folder_;
  SourceSettings settings_{.kind = "cifar", .where = "recipe.toml:1", .path = folder_.path()};
};

TEST_F(Cifar, TenIsListedAndItsPlanesAreInterleaved) {
  put_ten();
  const auto source = open_filled(settings_);
  const Listing& listing = source->listing();
  ASSERT_EQ(listing.items.size(), 11u);
  EXPECT_EQ(listing.class_names[9], "truck");
  EXPECT_EQ(listing.items[3].path, "data_batch_2.bin");
  EXPECT_EQ(listing.items[3].row, 1u);
  EXPECT_EQ(listing.items[3].label, 9);
  EXPECT_EQ(listing.items[10].split, shard::Split::test);
  const std::string planes = made_bytes(3 * kPlane, 21);
  const image::Image image = source->read(3);
  EXPECT_EQ(image.shape, (image::Shape{32, 32, 3}));
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < kPlane; ++i)
      ASSERT_EQ(static_cast<char>(image.pixels[3 * i + c]), planes[c * kPlane + i]);
  }
}

TEST_F(Cifar, OneSplitNeedsNoOtherFiles) {
  put_bytes(file("test_batch.bin.gz"), gzip(records({"\x03"}, 60)));
  expect_refused("data_batch_1.bin");
  settings_.split = shard::Split::test;
  const auto source = open_filled(settings_);
  ASSERT_EQ(source->listing().items.size(), 1u);
  EXPECT_EQ(source->listing().items[0].path, "test_batch.bin");
  settings_.split = shard::Split::validation;
  expect_refused("split validation");
}

TEST_F(Cifar, HundredHasTwoLabels) {
  put_bytes(file("train.bin"), records({"\x05\x63"}, 1));
  put_bytes(file("test.bin"), records({std::string("\x13\0", 2)}, 2));
  EXPECT_EQ(open_filled(settings_)->listing().items[0].label, 99);
  settings_.values["labels"] = std::string("coarse");
  const auto source = open_filled(settings_);
  EXPECT_EQ(source->listing().items[0].label, 5);
  EXPECT_EQ(source->listing().class_names.size(), 20u);
  put_bytes(file("test.bin"), records({std::string("\x14\0", 2)}, 2));
  expect_refused("label at byte 0");
  put_ten();
  expect_refused("both CIFAR-10 and CIFAR-100");
}

TEST_F(Cifar, NamesComeFromTheFileBesideTheImages) {
  put_ten();
  put_bytes(file("batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
  EXPECT_EQ(open_filled(settings_)->listing().class_names[9], "j");
  put_bytes(file("batches.meta.txt"), "a\nb\n");
  expect_refused("batches.meta.txt: not one name for each class");
  settings_.classes = {"0", "1", "2", "3", "4", "5", "6", "7", "8"};
  expect_refused("expected 0 to 8, got 9");
}

TEST_F(Cifar, DamageIsNamed) {
  expect_refused("there are no files of CIFAR here");
  put_ten();
  settings_.values["labels"] = std::string("coarse");
  expect_refused("is for CIFAR-100", ErrorCode::usage);
  settings_.values.clear();
  put_bytes(file("data_batch_4.bin"), records({"\x01"}, 1).substr(1));
  expect_refused("data_batch_4.bin: the last record is cut off");
  std::filesystem::remove(file("data_batch_4.bin"));
  expect_refused("data_batch_4.bin: the file is missing");
  put_bytes(file("data_batch_4.bin.gz"), gzip(std::string(3073 * 30'000, '\0')));
  expect_refused("more than the compressed file can plausibly hold");
}

}  // namespace
}  // namespace titrate::source
