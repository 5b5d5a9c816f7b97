#include "../../../src/report/classification.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace titrate::report {
namespace {

using Confusion = std::vector<std::uint64_t>;
using Names = std::vector<std::string>;

// The example in scikit-learn's documentation: truth 0 1 2 2 2, predicted 0 0 2 2 1.
TEST(Classification, TextIsScikitLearnsToTheByte) {
  EXPECT_EQ(classification_text(Confusion{1, 0, 0, 1, 0, 0, 0, 1, 2}, Names{"class 0", "class 1", "class 2"}),
            "              precision    recall  f1-score   support\n"
            "\n"
            "     class 0       0.50      1.00      0.67         1\n"
            "     class 1       0.00      0.00      0.00         1\n"
            "     class 2       1.00      0.67      0.80         3\n"
            "\n"
            "    accuracy                           0.60         5\n"
            "   macro avg       0.50      0.56      0.49         5\n"
            "weighted avg       0.70      0.60      0.61         5\n");
}

TEST(Classification, WidthsAreOfCharacters) {
  EXPECT_EQ(classification_text(Confusion{1, 0, 0, 2}, Names{"Größenverhältnis", "ж"}),
            "                  precision    recall  f1-score   support\n"
            "\n"
            "Größenverhältnis       1.00      1.00      1.00         1\n"
            "               ж       1.00      1.00      1.00         2\n"
            "\n"
            "        accuracy                           1.00         3\n"
            "       macro avg       1.00      1.00      1.00         3\n"
            "    weighted avg       1.00      1.00      1.00         3\n");
}

// Truth a a c, predicted c c a: b does not occur, however long its name, and there is no correct image.
TEST(Classification, WithoutACorrectImageSupportIsFloating) {
  EXPECT_EQ(classification_text(Confusion{0, 0, 2, 0, 0, 0, 1, 0, 0}, Names{"a", "b of a long name", "c"}),
            "              precision    recall  f1-score   support\n"
            "\n"
            "           a       0.00      0.00      0.00       2.0\n"
            "           c       0.00      0.00      0.00       1.0\n"
            "\n"
            "    accuracy                           0.00       3.0\n"
            "   macro avg       0.00      0.00      0.00       3.0\n"
            "weighted avg       0.00      0.00      0.00       3.0\n");
}

TEST(Classification, OfNoImagesHasNoClasses) {
  const std::string text =
      "              precision    recall  f1-score   support\n"
      "\n"
      "\n"
      "    accuracy                           0.00         0\n"
      "   macro avg       0.00      0.00      0.00         0\n"
      "weighted avg       0.00      0.00      0.00         0\n";
  EXPECT_EQ(classification_text(Confusion(4), Names{"a", "b"}), text);
  EXPECT_EQ(classification_text({}, {}), text);
  const auto json = nlohmann::json::parse(classification_json(Confusion(4), Names{"a", "b"}));
  EXPECT_EQ(json.size(), 3u);
  EXPECT_EQ(json.at("accuracy"), 0);
  EXPECT_EQ(json.at("macro avg").at("support"), 0);
}

TEST(Classification, JsonToTheByte) {
  EXPECT_EQ(classification_json(Confusion{2, 1, 0, 1}, Names{"кот", "dog"}),
            R"({
  "кот": {
    "precision": 1.0,
    "recall": 0.6666666666666666,
    "f1-score": 0.8,
    "support": 3.0
  },
  "dog": {
    "precision": 0.5,
    "recall": 1.0,
    "f1-score": 0.6666666666666666,
    "support": 1.0
  },
  "accuracy": 0.75,
  "macro avg": {
    "precision": 0.75,
    "recall": 0.8333333333333333,
    "f1-score": 0.7333333333333334,
    "support": 4.0
  },
  "weighted avg": {
    "precision": 0.875,
    "recall": 0.75,
    "f1-score": 0.7666666666666667,
    "support": 4.0
  }
}
)");
}

// As a dict of Python: the place of the first, the value of the last.
TEST(Classification, OfEqualNamesTheLastStands) {
  const auto json = nlohmann::ordered_json::parse(
      classification_json(Confusion{1, 0, 0, 0, 2, 0, 0, 0, 3}, Names{"a", "accuracy", "a"}));
  ASSERT_EQ(json.size(), 4u);
  EXPECT_EQ(json.begin().key(), "a");
  EXPECT_EQ(json.at("a").at("support"), 3);
  EXPECT_EQ(json.at("accuracy"), 1);
}

}  // namespace
}  // namespace titrate::report
