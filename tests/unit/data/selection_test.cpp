#include "titrate/data/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/random.hpp"

namespace titrate::data {
namespace {

using test::ClassSize;

constexpr image::Shape kShape{2, 2, 1};

test::LoadedDataset dataset_of(const std::vector<ClassSize>& sizes) {
  return test::make_dataset(test::random_content(kShape, sizes));
}

// 37 classes of 3 to 500 images, each twice over as synthetic.
const test::LoadedDataset& skewed() {
  static const test::LoadedDataset dataset = [] {
    std::vector<ClassSize> sizes;
    for (std::uint32_t c = 0; c < 37; ++c) {
      const auto real =
          static_cast<std::uint32_t>(std::lround(3 * std::pow(500.0 / 3, (c * 11 % 37) / 36.0)));
      sizes.push_back({.real = real, .synthetic = 600});
    }
    return dataset_of(sizes);
  }();
  return dataset;
}

std::vector<std::uint32_t> class_counts(const Dataset& dataset, std::span<const std::uint32_t> rows) {
  std::vector<std::uint32_t> counts(dataset.catalog().classes);
  for (const std::uint32_t row : rows) ++counts[static_cast<std::size_t>(dataset.catalog().label[row])];
  return counts;
}

void expect_distinct(const std::vector<std::uint32_t>& rows) {
  EXPECT_EQ(std::set(rows.begin(), rows.end()).size(), rows.size());
}

void expect_prefix(const std::vector<std::uint32_t>& small, const std::vector<std::uint32_t>& large) {
  ASSERT_LE(small.size(), large.size());
  EXPECT_TRUE(std::equal(small.begin(), small.end(), large.begin()));
}

ErrorInfo refusal(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
    return error.info();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

ErrorInfo refusal(const Dataset& dataset, const SelectionRequest& request) {
  return refusal([&] { select(dataset, request); });
}

// At every step each class has its share to within one image.
void expect_fair(const std::vector<std::uint64_t>& available) {
  double total = 0;
  for (const std::uint64_t size : available) total += static_cast<double>(size);
  const auto sequence = class_sequence(available, static_cast<std::uint32_t>(total));
  std::vector<double> counts(available.size());
  for (std::size_t k = 1; k <= sequence.size(); ++k) {
    ++counts[sequence[k - 1]];
    for (std::size_t c = 0; c < counts.size(); ++c) {
      const double due = static_cast<double>(k) * static_cast<double>(available[c]) / total;
      ASSERT_LT(std::abs(counts[c] - due), 1.0) << "class " << c << " at step " << k;
    }
  }
  for (std::size_t c = 0; c < counts.size(); ++c) EXPECT_EQ(counts[c], static_cast<double>(available[c]));
}

TEST(ClassSequence, OfEqualClassesGoesRound) {
  EXPECT_EQ(class_sequence({5, 5, 5}, 7), (std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2, 0}));
}

// Shares 3/4 and 1/4. Step 1: both are below their share, deadlines 4/3 and 4. Step 2: class 0 has 1 < 1.5,
// due by 8/3; class 1 by 4. Step 3: class 0 has 2 < 2.25, deadlines 4 and 4, and the lower number goes first.
// Step 4: class 0 has its 3.
TEST(ClassSequence, GivesTheEarliestDeadlineItsImage) {
  EXPECT_EQ(class_sequence({3, 1}, 4), (std::vector<std::uint32_t>{0, 0, 0, 1}));
  EXPECT_EQ(class_sequence({1, 1, 0, 2}, 4), (std::vector<std::uint32_t>{3, 0, 1, 3}));
}

TEST(ClassSequence, KeepsEveryShareWithinOneImageAtEveryStep) {
  expect_fair({1});
  expect_fair({500, 3});
  expect_fair({1, 1, 1, 1, 1, 1, 1, 1, 1, 991});
  expect_fair({5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949});  // MNIST
  std::vector<std::uint64_t> skew;
  for (std::uint32_t c = 0; c < 37; ++c)
    skew.push_back(skewed()->rows_of(Split::train, Origin::real, c).size());
  EXPECT_EQ(*std::min_element(skew.begin(), skew.end()), 3u);
  EXPECT_EQ(*std::max_element(skew.begin(), skew.end()), 500u);
  expect_fair(skew);
  for (std::uint64_t round = 0; round < 20; ++round) {
    RandomStream stream(round, Purpose::test);
    std::vector<std::uint64_t> sizes(1 + stream.below(40));
    for (std::uint64_t& size : sizes) size = 1 + stream.below(100);
    expect_fair(sizes);
  }
}

TEST(Selection, SmallerSizesArePrefixesOriginByOrigin) {
  const auto request = [](std::uint32_t size) {
    return SelectionRequest{
        .size = size, .synthetic_ratio = 0.5, .synthetic_classes = SyntheticClasses::uniform};
  };
  const Selection large = select(*skewed(), request(3000));
  expect_distinct(large.real);
  expect_distinct(large.synthetic);
  EXPECT_EQ(large.real.size(), 3000u);
  EXPECT_EQ(large.synthetic.size(), 1500u);
  for (const std::uint32_t size : {1u, 2u, 36u, 37u, 100u, 1001u, 2999u}) {
    const Selection small = select(*skewed(), request(size));
    EXPECT_EQ(small.real.size(), size);
    expect_prefix(small.real, large.real);
    expect_prefix(small.synthetic, large.synthetic);
  }
}

TEST(Selection, TakesOnlyTrainingRowsOfItsOrigin) {
  const auto dataset =
      dataset_of(std::vector<ClassSize>(3, {.real = 9, .copies = 1, .synthetic = 8, .test = 7}));
  const Selection all = select(*dataset, {.size = 27, .synthetic_ratio = 24.0 / 27, .augmented_copies = 1});
  const Catalog& catalog = dataset->catalog();
  const auto expect_all = [&](const std::vector<std::uint32_t>& rows, std::size_t count, Origin origin) {
    EXPECT_EQ(rows.size(), count);
    expect_distinct(rows);
    for (const std::uint32_t row : rows) {
      EXPECT_EQ(catalog.split[row], Split::train);
      EXPECT_EQ(catalog.origin[row], origin);
    }
  };
  expect_all(all.real, 27, Origin::real);
  expect_all(all.augmented, 27, Origin::augmented);
  expect_all(all.synthetic, 24, Origin::synthetic);
  EXPECT_TRUE(all.validation.empty());
  EXPECT_EQ(all.training().size(), 78u);
}

TEST(Selection, DependsOnTheSeedAndOnNothingElse) {
  const SelectionRequest request{.size = 500, .synthetic_ratio = 0.2, .validation_fraction = 0.1, .seed = 4};
  const Selection first = select(*skewed(), request), again = select(*skewed(), request);
  EXPECT_EQ(first.training(), again.training());
  EXPECT_EQ(first.validation, again.validation);
  SelectionRequest other = request;
  other.seed = 5;
  const Selection second = select(*skewed(), other);
  EXPECT_NE(first.real, second.real);
  EXPECT_NE(first.synthetic, second.synthetic);
  const auto as_set = [](const std::vector<std::uint32_t>& rows) {
    return std::set(rows.begin(), rows.end());
  };
  EXPECT_NE(as_set(first.real), as_set(second.real));
}

// Images that come later take places of their own, and leave the order of the others as it was.
TEST(Selection, OfTheSameImagesInAnotherOrderIsTheSame) {
  test::DatasetContent content = test::random_content(kShape, std::vector<ClassSize>(4, {.real = 30}));
  for (std::size_t i = 0; i < content.samples.size(); ++i) content.samples[i].sample_id = 1000 + i;
  const auto ids_of = [](const test::DatasetContent& from) {
    const auto dataset = test::make_dataset(from);
    std::vector<std::uint64_t> ids;
    for (const std::uint32_t row : select(*dataset, {.size = 50, .seed = 3}).real)
      ids.push_back(dataset->catalog().sample_id[row]);
    return ids;
  };
  const auto expected = ids_of(content);
  std::reverse(content.samples.begin(), content.samples.end());
  EXPECT_EQ(ids_of(content), expected);
}

TEST(Selection, AddKeepsTheRealImagesAndReplaceTheTotal) {
  const auto sizes = [](MixMode mode, std::uint32_t size, double ratio) {
    const Selection found = select(*skewed(), {.size = size, .synthetic_ratio = ratio, .mode = mode});
    EXPECT_EQ(training_images({.size = size, .synthetic_ratio = ratio, .mode = mode}),
              found.training().size());
    return std::pair(found.real.size(), found.synthetic.size());
  };
  using Pair = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(sizes(MixMode::add, 200, 0), Pair(200, 0));
  EXPECT_EQ(sizes(MixMode::add, 200, 0.5), Pair(200, 100));
  EXPECT_EQ(sizes(MixMode::add, 200, 2), Pair(200, 400));
  EXPECT_EQ(sizes(MixMode::replace, 200, 0), Pair(200, 0));
  EXPECT_EQ(sizes(MixMode::replace, 200, 0.25), Pair(150, 50));
  EXPECT_EQ(sizes(MixMode::replace, 200, 1), Pair(0, 200));
}

TEST(Selection, SyntheticClassesFollowTheRealOnesOrAreUniformOrFillUp) {
  const auto dataset = dataset_of(
      {{.real = 60, .synthetic = 100}, {.real = 30, .synthetic = 100}, {.real = 10, .synthetic = 100}});
  const auto counts = [&](std::uint32_t size, double ratio, SyntheticClasses classes) {
    const Selection found =
        select(*dataset, {.size = size, .synthetic_ratio = ratio, .synthetic_classes = classes});
    return class_counts(*dataset, found.synthetic);
  };
  using Counts = std::vector<std::uint32_t>;
  EXPECT_EQ(counts(100, 0.5, SyntheticClasses::as_real), (Counts{30, 15, 5}));
  EXPECT_EQ(counts(100, 0.6, SyntheticClasses::uniform), (Counts{20, 20, 20}));
  EXPECT_EQ(counts(100, 0.2, SyntheticClasses::fill), (Counts{0, 0, 20}));
  EXPECT_EQ(counts(100, 0.5, SyntheticClasses::fill), (Counts{0, 15, 35}));
  EXPECT_EQ(counts(100, 1.1, SyntheticClasses::fill), (Counts{10, 40, 60}));
  EXPECT_EQ(counts(10, 2.0, SyntheticClasses::fill), (Counts{4, 7, 9}));
}

TEST(Selection, ValidationIsCarvedOutOfTheSelection) {
  const SelectionRequest whole{.size = 2000, .seed = 9};
  SelectionRequest carved = whole;
  carved.validation_fraction = 0.25;
  const Selection all = select(*skewed(), whole), found = select(*skewed(), carved);
  EXPECT_EQ(found.validation.size(), 500u);
  EXPECT_EQ(found.real.size(), 1500u);
  EXPECT_EQ(training_images(carved), 1500u);
  std::vector<std::uint32_t> together = found.real, expected = all.real;
  together.insert(together.end(), found.validation.begin(), found.validation.end());
  std::sort(together.begin(), together.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(together, expected);
  const auto of_all = class_counts(*skewed(), all.real),
             of_validation = class_counts(*skewed(), found.validation);
  for (std::size_t c = 0; c < of_all.size(); ++c)
    EXPECT_LE(std::abs(of_validation[c] - 0.25 * of_all[c]), 1.0);
}

TEST(Selection, ValidationTakesWholeFamilies) {
  test::DatasetContent content =
      test::random_content(kShape, std::vector<ClassSize>(5, {.real = 40, .copies = 2}));
  for (std::size_t i = 0; i < 200; ++i)
    content.samples[i].family_id = 1 + i / 4;  // four by four, whatever the class
  for (test::Sample& sample : content.samples) {
    for (std::size_t i = 0; i < 200 && sample.parent_id != 0; ++i) {
      if (sample.parent_id == test::default_sample_id(i)) sample.family_id = 1 + i / 4;
    }
  }
  const auto dataset = test::make_dataset(content);
  const Selection found = select(*dataset, {.size = 200, .augmented_copies = 2, .validation_fraction = 0.1});
  EXPECT_GE(found.validation.size(), 20u);
  EXPECT_EQ(found.validation.size() % 4, 0u);
  EXPECT_EQ(found.real.size() + found.validation.size(), 200u);
  EXPECT_EQ(found.augmented.size(), 2 * found.real.size());
  std::set<std::uint64_t> held_out;
  for (const std::uint32_t row : found.validation) {
    held_out.insert(dataset->catalog().family_id[row]);
    EXPECT_EQ(dataset->catalog().origin[row], Origin::real);
  }
  for (const std::uint32_t row : found.training()) {
    EXPECT_FALSE(held_out.contains(dataset->catalog().family_id[row]));
  }
}

TEST(Selection, ValidationOfSyntheticOnlyTrainingIsSynthetic) {
  const Selection found = select(*skewed(), {.size = 100,
                                             .synthetic_ratio = 1,
                                             .mode = MixMode::replace,
                                             .synthetic_classes = SyntheticClasses::uniform,
                                             .validation_fraction = 0.2});
  EXPECT_EQ(found.synthetic.size(), 80u);
  EXPECT_EQ(found.validation.size(), 20u);
}

TEST(Selection, RealClassSharesNeedRealImages) {
  const auto dataset = dataset_of({{.synthetic = 20}, {.synthetic = 20}});
  const SelectionRequest request{.size = 10, .synthetic_ratio = 1, .mode = MixMode::replace};
  EXPECT_THROW(select(*dataset, request), Error);
}

TEST(Selection, AugmentedImagesAreChildrenOfSelectedTrainingImages) {
  const auto dataset = dataset_of(std::vector<ClassSize>(4, {.real = 25, .copies = 3}));
  const Catalog& catalog = dataset->catalog();
  const auto children = [&](std::uint32_t copies) {
    const Selection found =
        select(*dataset, {.size = 40, .augmented_copies = copies, .validation_fraction = 0.25, .seed = 2});
    std::map<std::uint64_t, std::uint32_t> of_parent;
    for (const std::uint32_t row : found.augmented) ++of_parent[catalog.parent_id[row]];
    EXPECT_EQ(found.real.size(), 30u);
    EXPECT_EQ(of_parent.size(), copies > 0 ? 30u : 0u);
    if (copies == 0) return found.augmented;
    for (const std::uint32_t row : found.real) EXPECT_EQ(of_parent[catalog.sample_id[row]], copies);
    return found.augmented;
  };
  EXPECT_TRUE(children(0).empty());
  const auto one = children(1), three = children(3);
  expect_distinct(three);
  for (const std::uint32_t row : one) EXPECT_NE(std::find(three.begin(), three.end(), row), three.end());
}

TEST(Selection, TooFewImagesAreRefusedByClassAndOrigin) {
  const auto dataset = dataset_of({{.real = 30, .synthetic = 40}, {.real = 10, .synthetic = 3}});
  ErrorInfo found = refusal(*dataset, {.size = 41});
  EXPECT_EQ(found.where, "data.size");
  EXPECT_NE(found.what.find("too few real training images"), std::string::npos) << found.what;
  EXPECT_EQ(found.expected, "at most 40");
  EXPECT_EQ(found.got, "41");

  found = refusal(*dataset, {.size = 40, .synthetic_ratio = 1});
  EXPECT_EQ(found.where, "data.synthetic_ratio");
  EXPECT_NE(found.what.find("too few synthetic training images of class \"c1\""), std::string::npos)
      << found.what;
  EXPECT_EQ(found.expected, "at most 3");
  EXPECT_EQ(found.got, "10");

  found = refusal(*dataset, {.size = 40, .synthetic_ratio = 2});
  EXPECT_EQ(found.where, "data.synthetic_ratio");
  EXPECT_EQ(found.expected, "at most 43");
  EXPECT_EQ(found.got, "80");

  found = refusal(*dataset, {.size = 40, .augmented_copies = 1});
  EXPECT_EQ(found.where, "data.augmented_copies");
  EXPECT_EQ(found.expected, "at most 0");
}

TEST(Selection, ValuesOutOfRangeAreRefusedByKey) {
  const Dataset& dataset = *skewed();
  EXPECT_EQ(refusal(dataset, {.size = 0}).where, "data.size");
  EXPECT_EQ(refusal(dataset, {.size = 10, .synthetic_ratio = -0.1}).where, "data.synthetic_ratio");
  EXPECT_EQ(refusal(dataset, {.size = 10, .synthetic_ratio = std::nan("")}).where, "data.synthetic_ratio");
  EXPECT_EQ(refusal(dataset, {.size = 10, .synthetic_ratio = 1.1, .mode = MixMode::replace}).where,
            "data.synthetic_ratio");
  for (const double fraction : {-0.1, 1.0, std::nan("")})
    EXPECT_EQ(refusal(dataset, {.size = 10, .validation_fraction = fraction}).where,
              "train.validation_fraction");
  const ErrorInfo found = refusal(dataset, {.size = 1, .validation_fraction = 0.9});
  EXPECT_EQ(found.where, "train.validation_fraction");
  EXPECT_NE(found.what.find("no image is left"), std::string::npos);
}

TEST(Selection, AFractionThatIsNoImageIsRefused) {
  const auto dataset = dataset_of({{.real = 20}, {.real = 20}});
  const ErrorInfo found = refusal(*dataset, {.size = 10, .validation_fraction = 0.049});
  EXPECT_EQ(found.where, "train.validation_fraction");
  EXPECT_NE(found.what.find("no image of 10 is left for validation"), std::string::npos) << found.what;
  EXPECT_EQ(found.got, "0.049");
  EXPECT_EQ(select(*dataset, {.size = 10, .validation_fraction = 0.05}).validation.size(), 1u);
  EXPECT_TRUE(select(*dataset, {.size = 10}).validation.empty());
}

TEST(Selection, AFractionThatTakesAWholeClassIsRefused) {
  const auto dataset = dataset_of({{.real = 1, .synthetic = 10}, {.real = 10}, {.real = 2}});
  // 11 of 13 are held out: the one of c0, 9 of c1, 1 of c2.
  const SelectionRequest request{.size = 13, .validation_fraction = 0.85};
  const ErrorInfo found = refusal(*dataset, request);
  EXPECT_EQ(found.where, "train.validation_fraction");
  EXPECT_NE(found.what.find("no image of class \"c0\" is left"), std::string::npos) << found.what;
  EXPECT_EQ(found.got, "0.85");
  EXPECT_NE(found.hint, "");
  SelectionRequest smaller = request;
  smaller.validation_fraction = 0.3;
  EXPECT_EQ(select(*dataset, smaller).validation.size(), 4u);
}

TEST(Selection, AClassThatWasNotSelectedOrIsLeftAsSyntheticIsNotMissed) {
  const auto dataset = dataset_of({{.real = 1, .synthetic = 10}, {.real = 40}});
  // The first 10 of 41 images are all of class c1.
  const Selection without = select(*dataset, {.size = 10, .validation_fraction = 0.5});
  EXPECT_EQ(class_counts(*dataset, without.training())[0], 0u);
  // Every real image of c0 is held out; synthetic ones are trained on.
  const Selection filled = select(*dataset, {.size = 41,
                                             .synthetic_ratio = 5.0 / 41,
                                             .synthetic_classes = SyntheticClasses::fill,
                                             .validation_fraction = 0.98});
  EXPECT_EQ(class_counts(*dataset, filled.validation)[0], 1u);
  EXPECT_EQ(class_counts(*dataset, filled.training())[0], 5u);
}

}  // namespace
}  // namespace titrate::data
