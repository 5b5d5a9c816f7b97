#include "titrate/sweep/weights.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>
#include <set>

#include "support/outcome.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/net/parameters.hpp"
#include "titrate/study/network.hpp"
#include "titrate/train/safetensors.hpp"
#include "titrate/train/setup.hpp"

namespace titrate::sweep {
namespace {

// Numbers that tell every place from every other; the gaps between tensors stay 0, as they are.
std::vector<float> numbered(const std::vector<net::ParameterTensor>& tensors, std::size_t floats,
                            float first) {
  std::vector<float> flat(floats);
  for (const net::ParameterTensor& tensor : tensors) {
    const auto begin = flat.begin() + static_cast<std::ptrdiff_t>(tensor.offset);
    std::iota(begin, begin + static_cast<std::ptrdiff_t>(tensor.count),
              first + static_cast<float>(tensor.offset));
  }
  return flat;
}

KeptWeights example() {
  KeptWeights weights{.trial = "0123456789abcdef",
                      .fingerprint = "fe",
                      .class_names = {"a \"quoted\" cat", "dog"},
                      .image = {.height = 9, .width = 8, .channels = 3},
                      .steps = 12};
  weights.settings.network.layers = {"conv 5 3", "batch_norm", "relu", "flatten", "dense 2"};
  weights.settings.network.side = 10;
  weights.settings.train.learning_rate = 1 / 3.0;
  weights.settings.seed = 7;
  weights.standardisation =
      data::standardise_channels(std::vector<double>{0.1, 0.2, 0.3}, std::vector<double>{0.3, 0.7, 0.0});
  const net::ParameterLayout layout =
      net::parameter_layout(study::make_network(weights.settings.network, weights.image, 2));
  weights.model = {.parameters = numbered(layout.tensors, layout.floats, 0.5f),
                   .running = numbered(layout.running, layout.running_floats, 0.25f)};
  return weights;
}

class WeightsTest : public testing::Test {
 protected:
  std::filesystem::path put(const std::string& bytes) const {
    const std::filesystem::path path = folder_.path() / "w.safetensors";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

TEST_F(WeightsTest, AreReadBackToTheLastBit) {
  KeptWeights weights = example();
  const KeptWeights back = read_weights(put(encode_weights(weights)));
  EXPECT_EQ(back.trial, weights.trial);
  EXPECT_EQ(canonical(back.settings), canonical(weights.settings));
  EXPECT_EQ(back.settings.train.learning_rate, 1 / 3.0);
  EXPECT_EQ(back.fingerprint, weights.fingerprint);
  EXPECT_EQ(back.class_names, weights.class_names);
  EXPECT_EQ(back.image, weights.image);
  EXPECT_EQ(back.standardisation, weights.standardisation);
  EXPECT_EQ(back.model.parameters, weights.model.parameters);
  EXPECT_EQ(back.model.running, weights.model.running);
  EXPECT_EQ(back.steps, 12u);
  // Where each pixel has its own.
  weights.standardisation = {.mean = std::vector<float>(9 * 8 * 3, 0.1f),
                             .scale = std::vector<float>(9 * 8 * 3, 1 / 3.0f)};
  EXPECT_EQ(read_weights(put(encode_weights(weights))).standardisation, weights.standardisation);
}

TEST_F(WeightsTest, HavePyTorchsNamesAndShapes) {
  const std::string bytes = encode_weights(example());
  const train::SafeTensors file = train::parse_safetensors(bytes, "w");
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, array] : file.arrays) shapes[name] = array.shape;
  EXPECT_EQ(shapes, (std::map<std::string, std::vector<std::int64_t>>{{"0.bias", {5}},
                                                                      {"0.weight", {5, 3, 3, 3}},
                                                                      {"1.bias", {5}},
                                                                      {"1.num_batches_tracked", {}},
                                                                      {"1.running_mean", {5}},
                                                                      {"1.running_var", {5}},
                                                                      {"1.weight", {5}},
                                                                      {"4.bias", {2}},
                                                                      {"4.weight", {2, 5 * 8 * 8}}}));
  EXPECT_EQ(file.metadata.at("format"), "pt");
  EXPECT_EQ(file.arrays.at("1.num_batches_tracked").type, "I64");
  EXPECT_EQ(static_cast<int>(file.arrays.at("1.num_batches_tracked").bytes[0]), 12);
}

TEST_F(WeightsTest, ReadsNothingElse) {
  const std::string bytes = encode_weights(example());
  for (const std::string& damaged :
       {std::string(), std::string("no file of weights"), bytes.substr(0, bytes.size() - 4),
        bytes.substr(0, 100), train::write_safetensors({}, {{"format", "pt"}}),
        train::write_safetensors({}, {{"titrate", "{}"}}),
        train::write_safetensors({}, train::parse_safetensors(bytes, "w").metadata)}) {
    const Outcome refused = outcome([&] { read_weights(put(damaged)); });
    EXPECT_EQ(refused.code, ErrorCode::integrity) << refused.message;
    EXPECT_NE(refused.message.find("w.safetensors: "), std::string::npos) << refused.message;
  }
  EXPECT_EQ(outcome([&] { read_weights(folder() / "none.safetensors"); }).code, ErrorCode::io);
}

TEST(Keep, HasThreeWords) {
  EXPECT_EQ(parse_choice<Keep>("none", "--keep"), Keep::none);
  EXPECT_EQ(parse_choice<Keep>("best", "--keep"), Keep::best);
  EXPECT_EQ(parse_choice<Keep>("all", "--keep"), Keep::all);
}

// A trial whose epochs had these validation losses.
study::TrialRecord record_of(const std::string& trial, std::uint32_t size, std::uint64_t seed,
                             const std::vector<double>& losses) {
  study::TrialRecord record{.trial = trial};
  record.settings.data.size = size;
  record.settings.seed = seed;
  record.settings.train.validation_fraction = 0.5;
  for (const double loss : losses) record.outcome.epochs.push_back({.validation_loss = loss});
  return record;
}

std::vector<const study::TrialRecord*> pointers_to(const std::vector<study::TrialRecord>& records) {
  std::vector<const study::TrialRecord*> pointers;
  for (const study::TrialRecord& record : records) pointers.push_back(&record);
  return pointers;
}

class KeepBestTest : public WeightsTest {
 protected:
  // The trials whose weights stay.
  std::set<std::string> kept(const std::vector<study::TrialRecord>& records) const {
    make_folder(folder() / "weights");
    for (const study::TrialRecord& record : records)
      std::ofstream(weights_file(folder(), record.trial)) << "weights";
    keep_best(folder(), pointers_to(records));
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder() / "weights")) {
      found.insert(entry.path().stem().string());
      std::filesystem::remove(entry.path());
    }
    return found;
  }
};

TEST_F(KeepBestTest, OneOfEachCell) {
  EXPECT_EQ(kept({record_of("a", 10, 0, {3, 2}), record_of("b", 10, 1, {3, 1}), record_of("c", 10, 2, {0, 4}),
                  record_of("d", 20, 0, {9}), record_of("e", 20, 1, {8})}),
            (std::set<std::string>{"b", "e"}));
}

TEST_F(KeepBestTest, AnEqualOneDoesNotTakeItsPlace) {
  EXPECT_EQ(kept({record_of("a", 10, 0, {1}), record_of("b", 10, 1, {1})}), (std::set<std::string>{"a"}));
}

// Weights that nobody kept cannot be kept now, and are no reason to let go of those that are there.
TEST_F(KeepBestTest, TheBestOfThoseThatAreThere) {
  make_folder(folder() / "weights");
  const std::vector<study::TrialRecord> records{record_of("a", 10, 0, {1}), record_of("b", 10, 1, {2}),
                                                record_of("c", 10, 2, {3}), record_of("d", 20, 0, {3})};
  for (const char* trial : {"b", "c", "d"}) std::ofstream(weights_file(folder(), trial)) << "weights";
  EXPECT_EQ(keep_best(folder(), pointers_to(records)), 1u);  // cells whose best has none
  EXPECT_TRUE(std::filesystem::exists(weights_file(folder(), "b")));
  EXPECT_FALSE(std::filesystem::exists(weights_file(folder(), "c")));
  EXPECT_TRUE(std::filesystem::exists(weights_file(folder(), "d")));
}

// The weights of the best epoch count by that epoch's loss.
TEST_F(KeepBestTest, BestWeightsHaveTheLossOfTheirEpoch) {
  std::vector<study::TrialRecord> records{record_of("a", 10, 0, {0.5, 3}), record_of("b", 10, 1, {4, 1})};
  EXPECT_EQ(kept(records), (std::set<std::string>{"b"}));
  for (study::TrialRecord& record : records) record.settings.train.best_weights = true;
  records[0].outcome.best_epoch = 1;
  records[1].outcome.best_epoch = 2;
  EXPECT_EQ(kept(records), (std::set<std::string>{"a"}));
}

TEST_F(KeepBestTest, OnlyFinishedTrialsCompete) {
  std::vector<study::TrialRecord> records{record_of("a", 10, 0, {2}), record_of("b", 10, 1, {1}),
                                          record_of("c", 10, 2, {})};
  records[1].status = study::Status::diverged;
  records[2].status = study::Status::failed;
  EXPECT_EQ(kept(records), (std::set<std::string>{"a"}));
  // A cell of which none finished loses nothing.
  records[0].status = study::Status::failed;
  EXPECT_EQ(kept(records).size(), 3u);
}

}  // namespace
}  // namespace titrate::sweep
