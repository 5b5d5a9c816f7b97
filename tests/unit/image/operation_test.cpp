#include "titrate/image/operation.hpp"

#include <gtest/gtest.h>

#include "titrate/core/error.hpp"

namespace titrate::image {
namespace {

TEST(Operation, TextFormReadsBack) {
  for (const char* text : {"shift 2",
                           "rotate 10",
                           "rotate -5 20",
                           "rotate 180 180",
                           "rotate 0 0",
                           "flip horizontal",
                           "flip vertical p=0.5",
                           "zoom 0.9 1.1",
                           "shear 10",
                           "shear 5 10",
                           "shift 2 whole",
                           "perspective 0.3",
                           "perspective 0.1 0.3",
                           "elastic 34 4",
                           "elastic 0 34 4",
                           "elastic 20 34 4 p=0.5",
                           "erase 0.05 0.2",
                           "brightness 0.8 1.2",
                           "contrast 0 2",
                           "gamma 0.5 2",
                           "blur 0 1.5",
                           "sharpen 0 1",
                           "noise gaussian 0 0.1",
                           "noise salt_pepper 0.1 0.1",
                           "noise speckle 0 0.2",
                           "noise uniform 0 0.1 p=0.25",
                           "rotate 10 p=0"}) {
    EXPECT_EQ(to_text(parse_operation(text, "test")), text);
    EXPECT_EQ(parse_operation(to_text(parse_operation(text, "test")), "test"), parse_operation(text, "test"));
  }
}

TEST(Operation, TheShortestTextIsWritten) {
  EXPECT_EQ(to_text(parse_operation("rotate -10 10", "test")), "rotate 10");
  EXPECT_EQ(to_text(parse_operation(" shear  -3 3.0  p=1.0 ", "test")), "shear 3");
  EXPECT_EQ(to_text(Rotate{10}), "rotate 10");
  EXPECT_EQ(to_text(parse_operation("perspective 0 0.3", "test")), "perspective 0.3");
  EXPECT_EQ(to_text(parse_operation("elastic 34 34 4", "test")), "elastic 34 4");
  EXPECT_EQ(to_text(Operation(Flip{FlipAxis::vertical}, 0.5)), "flip vertical p=0.5");
}

TEST(Operation, ChangesAreOperations) {
  const std::vector<Operation> operations{Rotate{10}, Shift{2}, Zoom{0.9, 1.1}};
  EXPECT_EQ(operations[0], parse_operation("rotate 10", "test"));
  EXPECT_NE(operations[0], parse_operation("rotate 10 p=0.5", "test"));
  EXPECT_NE(operations[0], operations[1]);
}

TEST(Operation, RefusesBadText) {
  for (const char* text : {"",
                           "rotat 10",
                           "rotate",
                           "rotate ten",
                           "rotate 20 10",
                           "rotate 361",
                           "rotate 0",
                           "rotate 1 2 3",
                           "zoom 1.1 0.9",
                           "zoom 0.05 1",
                           "zoom 1",
                           "shift -1",
                           "shift 0",
                           "shift 1 2",
                           "shift nan",
                           "flip",
                           "flip sideways",
                           "flip horizontal vertical",
                           "shear 81",
                           "shear 0",
                           "perspective 0",
                           "perspective 1.1",
                           "perspective 0 0",
                           "perspective 0.3 0.1",
                           "perspective 0.1 0.2 0.3",
                           "shift 1.5 whole",
                           "shift 0 whole",
                           "shift 2 part",
                           "shift 2 whole 2",
                           "elastic 34",
                           "elastic 34 0.1",
                           "elastic 0 4",
                           "elastic 0 0 4",
                           "elastic 34 20 4",
                           "elastic 20 34 4 4",
                           "elastic 20 34 0.1",
                           "erase 0 0.1",
                           "erase 0.2 0.1",
                           "erase 0.5 1.1",
                           "brightness -1 1",
                           "contrast 1",
                           "gamma 0 1",
                           "blur -1 1",
                           "sharpen 1 0",
                           "noise 0 0.1",
                           "noise gauss 0 0.1",
                           "noise gaussian 0.1",
                           "noise gaussian 0.2 0.1",
                           "noise salt_pepper 0 1.5",
                           "rotate 10 p=2",
                           "rotate 10 p=",
                           "rotate p=0.5 10",
                           "p=0.5"}) {
    EXPECT_THROW(parse_operation(text, "test"), Error) << text;
  }
}

TEST(Operation, RefusalsSayWhatIsMeant) {
  const auto message = [](const char* text) -> std::string {
    try {
      parse_operation(text, "recipe.toml");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("rotat 10").find("recipe.toml"), std::string::npos);
  EXPECT_NE(message("rotat 10").find("did you mean \"rotate\""), std::string::npos);
  EXPECT_NE(message("blur 1").find("write it as \"blur LOW HIGH\""), std::string::npos) << message("blur 1");
  EXPECT_NE(message("zoom 2 1").find("the lower end stands first"), std::string::npos);
  EXPECT_NE(message("noise gauss 0 1").find("gaussian, salt_pepper, speckle, uniform"), std::string::npos);
}

TEST(Operation, HelpNamesEveryForm) {
  const std::string help = operations_help();
  for (const char* name : {"shift", "rotate", "flip", "zoom", "shear", "perspective", "elastic", "erase",
                           "brightness", "contrast", "gamma", "blur", "sharpen", "noise",
                           "each may end in p=P", "what moves pixels leaves black"})
    EXPECT_NE(help.find(std::string("  ") + name), std::string::npos) << name;
  EXPECT_EQ(std::count(help.begin(), help.end(), '\n'), 16);
}

}  // namespace
}  // namespace titrate::image
