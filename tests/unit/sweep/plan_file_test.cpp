#include "titrate/sweep/plan_file.hpp"

#include <gtest/gtest.h>

#include "support/outcome.hpp"

namespace titrate::sweep {
namespace {

study::Study study() {
  return study::parse_study("name = \"s\"\ndataset = \"d\"\n[axes]\nseed = [0, 1, 2]\n", "s.toml");
}

// The longest of three trials goes to two ranks of the second node.
PlanFile sample() {
  const std::vector<study::Trial> trials = grid(study());
  PlanFile file{.study = study(), .nodes = number_nodes({1, 4}, {1, 2})};
  file.plan =
      dispatch::make_plan({{.id = trials[0].id, .seconds = 1.1},
                           {.id = trials[1].id, .seconds = 100, .exchange_seconds = 0.1, .most_ranks = 2},
                           {.id = trials[2].id, .seconds = 2}},
                          file.nodes, 0);
  return file;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return text.replace(place, from.size(), to);
}

std::string refusal(const std::string& text) {
  const Outcome refused = outcome([&] { parse_plan_file(text, "p.json"); });
  EXPECT_EQ(refused.code, ErrorCode::usage) << refused.message;
  EXPECT_EQ(refused.message.find("p.json"), 0u) << refused.message;
  return refused.message;
}

TEST(PlanFile, ReadsBackWhatItWrote) {
  const PlanFile file = sample();
  EXPECT_EQ(file.plan.groups, (std::vector<std::vector<int>>{{1, 2}}));
  const PlanFile back = parse_plan_file(to_json(file), "p.json");
  EXPECT_EQ(to_json(back), to_json(file));
  EXPECT_EQ(to_toml(back.study), to_toml(file.study));
  EXPECT_EQ(back.plan.groups, file.plan.groups);
  EXPECT_EQ(back.plan.ranks, 5);
  EXPECT_EQ(back.nodes[1].ranks, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(back.nodes[1].devices, 2);
  ASSERT_EQ(back.plan.jobs.size(), 3u);
  EXPECT_EQ(back.plan.jobs[0].width, 2);
  EXPECT_EQ(back.plan.jobs[2].seconds, 1.1);
  EXPECT_EQ(simulate(back.plan, {}), file.plan.makespan_seconds);
}

TEST(PlanFile, RefusesWhatIsNone) {
  const std::string hint = "this is no plan; give a file that titrate plan --out wrote";
  for (const char* text : {"", "{}", "[1]", "name = \"s\"", "{\"titrate_plan\": 1"})
    EXPECT_NE(refusal(text).find(hint), std::string::npos) << text;
  const std::string later =
      refusal(replaced(to_json(sample()), "\"titrate_plan\": 1", "\"titrate_plan\": 2"));
  EXPECT_NE(later.find("expected format 1, got 2"), std::string::npos) << later;
}

TEST(PlanFile, RefusesByNameWhatWasChanged) {
  const std::string text = to_json(sample());
  const auto message = [&](const std::string& from, const std::string& to) {
    return refusal(replaced(text, from, to));
  };
  const auto expect = [](const std::string& message, const std::string& part) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect(message("\"groups\"", "\"group\""), "groups");
  expect(message("\"cpu\"", "\"tpu\""), "device: unknown value \"tpu\"; expected cpu, cuda");
  expect(message("\"seconds\": 2.0", "\"seconds\": -2.0"), "\"seconds\" has -2.0, which is no time");
  expect(message("\"seconds\": 2.0", "\"seconds\": \"2\""), "which is no time");
  expect(message("\"width\": 2", "\"width\": 4"), "is wider than it may be");
  expect(message("\"width\": 2", "\"width\": 2.5"), "\"width\" has 2.5");
  expect(message("\"width\": 1", "\"width\": 0"), "\"width\" has 0");
  expect(message("seed = 0", "sead = 0"), "unknown key \"sead\"");
  expect(message("[0, 1, 2]", "[0, 1, 2, 3]"), "it lacks 1 trials of its study");
  expect(message("[0, 1, 2]", "[0, 1]"), "not one of the plan's study");
}

PlanFile with(const std::function<void(PlanFile&)>& change) {
  PlanFile file = sample();
  change(file);
  return file;
}

TEST(PlanFile, RefusesGroupsThatDoNotFit) {
  const auto message = [](const std::vector<std::vector<int>>& groups) {
    return refusal(to_json(with([&](PlanFile& file) { file.plan.groups = groups; })));
  };
  EXPECT_NE(message({}).find("no group is as wide as trial"), std::string::npos);
  EXPECT_NE(message({{1, 1}}).find("rank 1 is in groups twice"), std::string::npos);
  EXPECT_NE(message({{1, 2}, {2, 3}}).find("rank 2 is in groups twice"), std::string::npos);
  EXPECT_NE(message({{4, 5}}).find("no number from 0 to 4"), std::string::npos);
  EXPECT_NE(message({{1, 2}, {0, 3, 4}}).find("a group has 3 ranks"), std::string::npos);
  EXPECT_NE(message({{1, 2}, {3}}).find("a group has 1 ranks"), std::string::npos);
}

TEST(PlanFile, RefusesNodesWithoutDevices) {
  EXPECT_NE(refusal(replaced(to_json(sample()), "\"devices\": [", "\"devices\": [3,"))
                .find("not as many devices as nodes"),
            std::string::npos);
}

}  // namespace
}  // namespace titrate::sweep
