#include "titrate/image/preset.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate::image {
namespace {

std::vector<std::string> risks(const char* preset, std::vector<const char*> texts) {
  std::vector<Operation> operations;
  for (const char* text : texts) operations.push_back(parse_operation(text, "test"));
  return label_risks(preset, operations);
}

template <class Change>
std::vector<Change> all(const std::vector<Operation>& operations) {
  std::vector<Change> found;
  for (const Operation& operation : operations)
    if (const auto* change = std::get_if<Change>(&operation.change)) found.push_back(*change);
  return found;
}

TEST(Preset, NamesAreKnownAndOthersRefused) {
  EXPECT_EQ(preset_names(), (std::vector<std::string>{"digits", "letters", "objects"}));
  for (const std::string& name : preset_names()) EXPECT_FALSE(preset_operations(name, "test").empty());
  try {
    preset_operations("digit", "recipe.toml:3");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("did you mean \"digits\""), std::string::npos);
  }
}

TEST(Preset, KeepsItsOwnLabels) {
  for (const std::string& name : preset_names()) {
    EXPECT_EQ(label_risks(name, preset_operations(name, "test")), std::vector<std::string>{}) << name;
  }
}

TEST(Preset, DigitsAndLettersTurnLittleAndNeverFlip) {
  for (const char* name : {"digits", "letters"}) {
    const std::vector<Operation> operations = preset_operations(name, "test");
    EXPECT_TRUE(all<Flip>(operations).empty());
    const std::vector<Rotate> turns = all<Rotate>(operations);
    ASSERT_EQ(turns.size(), 1u);
    EXPECT_GE(turns[0].low, -15);
    EXPECT_LE(turns[0].high, 15);
  }
  const std::vector<Flip> flips = all<Flip>(preset_operations("objects", "test"));
  EXPECT_EQ(flips, (std::vector<Flip>{{FlipAxis::horizontal}}));
}

TEST(Preset, SaysWhatBreaksLabels) {
  for (const char* name : {"digits", "letters"}) {
    for (const char* text :
         {"rotate 46", "rotate 0 180", "rotate -90 -80", "flip horizontal", "flip vertical p=0.1"})
      EXPECT_EQ(risks(name, {text}).size(), 1u) << name << " " << text;
  }
  EXPECT_EQ(risks("objects", {"flip horizontal", "rotate 45"}).size(), 0u);
  EXPECT_EQ(risks("objects", {"flip vertical", "rotate 46"}).size(), 2u);
  for (const std::string& name : preset_names()) {
    for (const char* text : {"erase 0.1 0.6",
                             "zoom 0.2 1",
                             "zoom 1 3",
                             "shear 60",
                             "perspective 0.9",
                             "elastic 300 4",
                             "brightness 0 1",
                             "contrast 0 1",
                             "noise gaussian 0 0.9",
                             "noise salt_pepper 0.5 0.5",
                             "noise speckle 0 0.9",
                             "shift 1000",
                             "shift 9 whole",
                             "brightness 50 100",
                             "contrast 1 3.5",
                             "gamma 20 20",
                             "gamma 0.1 1",
                             "blur 50 50",
                             "blur 0 4.1",
                             "sharpen 0 50"})
      EXPECT_EQ(risks(name.c_str(), {text}).size(), 1u) << name << " " << text;
    for (const char* text :
         {"shift 3", "blur 0 1", "sharpen 0 1", "gamma 0.5 2", "erase 0.02 0.2", "elastic 34 4"})
      EXPECT_EQ(risks(name.c_str(), {text}).size(), 0u) << name << " " << text;
  }
}

TEST(Preset, PixelsAreHeldAgainstTheSide) {
  const auto count = [](const char* text, const Shape& shape) {
    return label_risks("digits", std::vector{parse_operation(text, "test")}, shape).size();
  };
  for (const char* text : {"shift 8", "blur 0 4", "elastic 110 4"}) {
    EXPECT_EQ(risks("digits", {text}).size(), 1u) << text;
    EXPECT_EQ(count(text, {28, 28, 1}), 1u) << text;
    EXPECT_EQ(count(text, {64, 28, 1}), 1u) << text;
    EXPECT_EQ(count(text, {64, 64, 1}), 0u) << text;
  }
  EXPECT_EQ(count("shift 2", {7, 7, 1}), 1u);
}

TEST(Preset, HelpShowsWhatIsInThem) {
  const std::string help = presets_help();
  for (const std::string& name : preset_names()) {
    const std::size_t line = help.find("  " + name + " ");
    ASSERT_NE(line, std::string::npos) << name;
    const std::string text = help.substr(line, help.find('\n', line) - line);
    for (const Operation& operation : preset_operations(name, "test"))
      EXPECT_NE(text.find('"' + to_text(operation) + '"'), std::string::npos) << to_text(operation);
  }
  EXPECT_NE(help.find("28 x 28 pixels (digits, letters) and 32 x 32 (objects)"), std::string::npos);
}

TEST(Preset, SentencesNameTheOperation) {
  const auto found = risks("digits", {"shift 2", "rotate 90 p=0.5"});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0],
            "\"rotate 90 p=0.5\": turns reach beyond 45 degrees: 6 and 9 are each other's half turn");
}

TEST(Preset, RotationsAddUpAndWhatIsNeverDoneIsNoRisk) {
  EXPECT_EQ(risks("digits", {"rotate 30", "rotate 30"}).size(), 1u);
  EXPECT_EQ(risks("digits", {"rotate 20", "rotate 20"}).size(), 0u);
  EXPECT_EQ(risks("digits", {"rotate 60", "rotate 30"}).size(), 1u);
  EXPECT_EQ(risks("digits", {"rotate 180 p=0"}).size(), 0u);
  EXPECT_EQ(risks("digits", {"shear 30", "rotate 45"}).size(), 1u);
  EXPECT_EQ(risks("digits", {"shear 30", "rotate 30"}).size(), 0u);
  // Counter-clockwise, and the top to the right: one takes back the other.
  EXPECT_EQ(risks("digits", {"shear 0 30", "rotate 0 45"}).size(), 0u);
  EXPECT_EQ(risks("digits", {"shear -30 0", "rotate 0 45"}).size(), 1u);
}

}  // namespace
}  // namespace titrate::image
