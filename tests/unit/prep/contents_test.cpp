#include "titrate/prep/contents.hpp"

#include "packed_table.hpp"
#include "titrate/core/error.hpp"
#include "titrate/prep/inspect.hpp"

namespace titrate::prep {
namespace {

class ContentsOf : public PackedTable {};

TEST_F(ContentsOf, ADatasetAreItsLevelsByClass) {
  const auto manifest = pack_table("a,0,0,0,4\na,8,8,8,8\nb,255,255,255,255\n");
  const Contents contents = read_contents(dataset(), manifest);
  const auto& train = contents.looks[0];
  ASSERT_EQ(train.size(), 2u);
  EXPECT_EQ(train[0][0].images, 2u);
  EXPECT_EQ(train[0][0].levels, 36u);
  EXPECT_DOUBLE_EQ(train[0][0].brightness(manifest.shape), 4.5);
  EXPECT_DOUBLE_EQ(train[1][0].brightness(manifest.shape), 255);
  EXPECT_DOUBLE_EQ(train[1][1].brightness(manifest.shape), 0);
  EXPECT_EQ(contents.source_images, std::vector<std::uint64_t>{3});
}

TEST_F(ContentsOf, ADatasetCountsPicturesThatAreThereAgain) {
  const auto manifest =
      pack_table("a,1,0,0,0\na,1,0,0,0\nb,2,0,0,0\na,2,0,0,0\nb,2,0,0,0\nb,3,0,0,0\nb,4,0,0,0\nb,4,0,0,0\n");
  const Contents contents = read_contents(dataset(), manifest);
  EXPECT_EQ(contents.repeated_images, 7u);
  EXPECT_EQ(contents.repeated_groups, 3u);
  EXPECT_EQ(contents.contradictions, 1u);
  const std::string text = describe(manifest, contents);
  EXPECT_NE(text.find("7 images show 3 pictures, 1 of them under several labels"), std::string::npos) << text;
}

TEST_F(ContentsOf, ADamagedDatasetAreRefused) {
  const auto manifest = pack_table("a,1,0,0,0\nb,2,0,0,0\n");
  const std::filesystem::path shard = dataset() / manifest.shards[0].name;
  std::string bytes = read_text(shard);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(shard, bytes);
  EXPECT_THROW(read_contents(dataset(), manifest), Error);
}

}  // namespace
}  // namespace titrate::prep
