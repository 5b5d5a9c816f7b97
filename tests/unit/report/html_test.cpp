#include "../../../src/report/html.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../../../src/report/labels.hpp"
#include "../../../src/report/page.hpp"
#include "../../../src/report/plot.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/text.hpp"
#include "titrate/page/chart.hpp"
#include "titrate/page/confusion.hpp"
#include "titrate/page/markup.hpp"
#include "titrate/report/report.hpp"
#include "unit/report/made_up.hpp"

namespace titrate::report {
namespace {

using Int = std::int64_t;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

struct Made {
  study::Study study = made_up_study();
  std::vector<study::TrialRecord> records{};

  std::string html() const { return report_html(study, summary_of(study, records)); }
  void run(std::uint64_t first_correct) {
    for (const study::Trial& trial : study::grid(study)) {
      const std::uint64_t more = trial.settings.data.synthetic_ratio > 0 ? 5 : 0;
      records.push_back(done(trial, {first_correct + trial.settings.seed + more}));
    }
  }
};

Made whole_study() {
  Made made;
  made.study.axes = {axis<Int>("data.size", {100, 300, 1000}),
                     axis<double>("data.synthetic_ratio", {0.0, 1.0}),
                     axis<double>("data.noise_level", {0.0, 0.3}), axis<Int>("seed", {0, 1, 2})};
  made.run(80);
  return made;
}

void expect_balanced(const std::string& html) {
  for (const std::string tag :
       {"svg", "table", "section", "figure", "div", "select", "g", "text", "td", "script"}) {
    EXPECT_EQ(count(html, "<" + tag + ">") + count(html, "<" + tag + " "), count(html, "</" + tag + ">"))
        << tag;
  }
  EXPECT_EQ(html.find("nan"), std::string::npos);
  EXPECT_EQ(html.find("inf\""), std::string::npos);
}

TEST(Html, HasEveryChartTableAndCell) {
  const Made made = whole_study();
  const std::string html = made.html();
  expect_balanced(html);
  EXPECT_EQ(count(html, "<svg class=\"chart\""), 6u);     // change, accuracy, loss; two noise levels
  EXPECT_EQ(count(html, "<option"), 12u + 12u);           // cells, for their matrix and their learning curve
  EXPECT_EQ(count(html, "class=\"help\""), 6u);           // comparisons
  EXPECT_EQ(count(html, "<title>seed "), 2 * 36u + 18u);  // every seed a dot
  EXPECT_EQ(count(html, "not equal steps"), 1 + 3 + 1u);  // beside the tables, on every chart, in the facts
  EXPECT_NE(html.find("f00d"), std::string::npos);
  EXPECT_NE(html.find("36 of 36 trials done"), std::string::npos);
}

// Those whose means the page has.
std::size_t cell_metrics() {
  return static_cast<std::size_t>(std::count_if(study::metrics().begin(), study::metrics().end(),
                                                [](const study::Metric& metric) { return metric.in_cells; }));
}

TEST(Html, HasEveryMetricOfEveryCell) {
  const std::string html = whole_study().html();
  for (const study::Metric& metric : study::metrics())
    EXPECT_EQ(html.find(page::escape(capitalised(metric.help))) != std::string::npos,
              metric.in_cells && metric.column != std::string("test_accuracy"))
        << metric.column;
}

TEST(Html, TablesTakeLessRoomOnAPhone) {
  const std::string html = whole_study().html();
  const std::size_t phone = html.find("@media (max-width: 480px)");
  ASSERT_NE(phone, std::string::npos);
  EXPECT_LT(phone, html.find("th, td { padding-left: 5px; padding-right: 5px; }"));
  EXPECT_LT(html.find("td { text-align: right; padding: 5px 10px;"), phone);  // the later rule counts
  EXPECT_EQ(count(html, "<small class=\"half\">"), 12u * cell_metrics());     // one under each mean
}

TEST(Html, FetchesNothing) {
  const std::string html = whole_study().html();
  for (const char* fetch : {"http:", "https:", "//cdn", "@import", "src=", "<link", "<img", "<iframe"})
    EXPECT_EQ(html.find(fetch), std::string::npos) << fetch;
}

TEST(Html, EscapesWhatComesFromOutside) {
  Made made = whole_study();
  const std::string evil = "</script><script>alert('x')</script>&\"";
  made.study.name = made.study.dataset = made.study.fingerprint = evil;
  made.study.class_names = {evil, "dog"};
  made.records.clear();
  made.run(80);
  made.records[0] = failed(study::grid(made.study)[0], evil);
  for (study::TrialRecord& record : made.records)
    record.timing.host = record.numerics = record.version = evil;
  const std::string html = made.html();
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(count(html, "</script>"), 3u);  // matrices, curves, the page's own
  EXPECT_GE(count(html, "&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)"), 8u);
  EXPECT_EQ(page::escape("<a b=\"c\">'&\x01"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp; ");
}

TEST(Html, ShowsWhatFailedAndWhy) {
  Made made = whole_study();
  const std::vector<study::Trial> trials = study::grid(made.study);
  made.records[0] = failed(trials[0], "device 0 is out of memory");
  made.records[7] = diverged(trials[7]);
  made.records.pop_back();
  const std::string html = made.html();
  expect_balanced(html);
  EXPECT_NE(html.find("device 0 is out of memory"), std::string::npos);
  EXPECT_NE(html.find("training loss was no finite number at step 7"), std::string::npos);
  const std::size_t state = html.find("33 of 36 trials done, 1 diverged, 1 failed, 1 not run yet");
  EXPECT_LT(state, html.find("<section>"));  // on top
  EXPECT_NE(html.find("class=\"state warn\""), std::string::npos);
}

TEST(Html, ATrialThatFailedIsNotCalledByOneOfItsTests) {
  Made made;
  made.study.base.evaluate.noise_levels = {0, 0.3};
  made.study.axes = {axis<Int>("data.size", {100, 300})};
  const std::vector<study::Trial> trials = study::grid(made.study);
  made.records = {done(trials[0], {90, 70}), diverged(trials[1])};
  EXPECT_NE(
      made.html().find("</code></td><td>300 real images</td><td>0</td><td>diverged</td><td>training loss was "
                       "no finite number at step 7</td>"),
      std::string::npos);
}

TEST(Html, CountsTheComparisonsThatTheHeadlineCounts) {
  Made made;
  made.study.axes = {axis<Int>("data.size", {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}),
                     axis<double>("data.synthetic_ratio", {0.0, 1.0}), axis<Int>("seed", {0, 1})};
  made.run(80);
  const std::vector<study::Trial> trials = study::grid(made.study);
  made.records[0] = failed(trials[0], "out of memory");  // leaves one of the gains a single seed
  const Summary summary = summary_of(made.study, made.records);
  EXPECT_EQ(summary.comparisons[0].pairs.size(), 11u);
  EXPECT_EQ(summary.comparisons[0].decided().size(), 10u);
  const std::string html = made.html();
  EXPECT_NE(html.find("of 10 comparisons"), std::string::npos);
  EXPECT_NE(html.find("about 0.5 of these 10 intervals would still exclude 0"), std::string::npos);
}

TEST(Html, WorksForAnyShapeOfStudy) {
  Made one;
  one.run(90);
  expect_balanced(one.html());
  EXPECT_EQ(count(one.html(), "<svg class=\"chart\""), 2u);

  Made names;
  names.study.axes = {axis<std::string>("network.name", {"simple-cnn", "pytorch-cnn"}),
                      axis<Int>("seed", {0, 1})};
  names.run(90);
  for (study::TrialRecord& record : names.records) record.outcome.epochs.resize(1);  // too few for a curve
  expect_balanced(names.html());
  EXPECT_EQ(count(names.html(), "class=\"line"), 0u);

  Made one_size;
  one_size.study.base.data.size = 500;
  one_size.study.axes = {axis<double>("data.synthetic_ratio", {0.0, 0.5}), axis<Int>("seed", {0, 1})};
  one_size.run(90);
  expect_balanced(one_size.html());
  EXPECT_NE(one_size.html().find("With 500 real images, adding 0.5 synthetic per real image changed"),
            std::string::npos);

  Made nothing;
  nothing.study.axes = {axis<Int>("data.size", {1, 2})};
  expect_balanced(nothing.html());
  EXPECT_NE(nothing.html().find("No trial has a result yet."), std::string::npos);

  Made losses = whole_study();
  for (study::TrialRecord& record : losses.records)
    record.outcome.conditions[0].tally.loss_sum = std::numeric_limits<double>::quiet_NaN();
  expect_balanced(losses.html());
}

TEST(Html, NamesTheFiveMostFrequentMistakesOfTheChosenCell) {
  Made made;
  made.study.axes = {axis<Int>("data.size", {100, 300}), axis<Int>("seed", {0, 1})};
  made.run(80);
  const std::string html = made.html();
  // Seeds 0 and 1 of the last cell: 20 and 19 of 50 cats are called dogs.
  EXPECT_NE(html.find(">Most often confused: cat as dog (39).</p>"), std::string::npos);
  EXPECT_EQ(count(html, "Most often confused: cat as dog (39)."), 1 + 2u);  // both cells, for the script
  for (study::TrialRecord& record : made.records)
    record.outcome.conditions[0].tally.confusion = std::vector<std::uint64_t>(9, 3);
  EXPECT_NE(made.html().find("cat as dog (6), cat as 2 (6), dog as cat (6), dog as 2 (6), 2 as cat (6).</p>"),
            std::string::npos);
  for (study::TrialRecord& record : made.records)
    record.outcome.conditions[0].tally.confusion = {50, 0, 0, 50};
  EXPECT_NE(made.html().find(">No mistakes.</p>"), std::string::npos);
}

// What the page's script is given.
nlohmann::json data_of(const std::string& html, const std::string& id) {
  const std::string start = "id=\"" + id + "\">";
  const std::size_t from = html.find(start);
  if (from == std::string::npos) return nullptr;
  const std::size_t to = html.find("</script>", from);
  return nlohmann::json::parse(html.substr(from + start.size(), to - from - start.size()));
}

Made validated_study() {
  Made made;
  made.study.axes = {axis<Int>("data.size", {100, 300}), axis<Int>("seed", {0, 1})};
  made.run(80);
  for (study::TrialRecord& record : made.records) validate(record.outcome, 2);
  return made;
}

TEST(Html, DrawsLearningCurves) {
  const Made made = validated_study();
  const std::string html = made.html();
  expect_balanced(html);
  EXPECT_EQ(count(html, "class=\"curve\""), 2u);  // loss and accuracy
  EXPECT_NE(html.find("Mean over 2 seeds. Epoch 3: training loss 0.3333, accuracy 70.00 %; validation loss "
                      "0.7500, accuracy 45.00 %."),
            std::string::npos);
  const nlohmann::json data = data_of(html, "curves");
  ASSERT_EQ(data.at("lines").size(), 2u);
  for (const nlohmann::json& line : data["lines"][0])
    EXPECT_EQ(count(line.get<std::string>(), " "), 2u);  // a height for each of three epochs
  // The drawn line is the one that the script would draw.
  std::string path;
  double x = data.at("from");
  for (const std::string& y : split(data["lines"][1][0].get<std::string>(), ' ')) {
    path += (path.empty() ? "M" : "L") + page::coordinate(x) + " " + y;
    x += data.at("step").get<double>();
  }
  EXPECT_NE(html.find("class=\"line c2\" d=\"" + path + "\""), std::string::npos) << path;
}

TEST(Html, LearningCurvesWithoutValidationHaveOneLine) {
  const std::string html = whole_study().html();
  EXPECT_EQ(data_of(html, "curves").at("lines")[0][1], "");
  EXPECT_EQ(html.find("validation</span>"), std::string::npos);
  EXPECT_NE(validated_study().html().find("validation</span>"), std::string::npos);
}

TEST(Html, SaysHowManySeedsTrainedToTheLastEpoch) {
  Made made = validated_study();
  made.records.back().outcome.epochs.resize(2);  // stopped early
  EXPECT_NE(made.html().find("Mean over 2 seeds, of which 1 trained so long. Epoch 3: "), std::string::npos);
}

TEST(Html, LearningCurvesNeedTwoEpochs) {
  Made made = validated_study();
  for (study::TrialRecord& record : made.records) {
    if (record.settings.data.size == 100) record.outcome.epochs.resize(1);
  }
  EXPECT_EQ(data_of(made.html(), "curves").at("lines").size(), 1u);
  for (study::TrialRecord& record : made.records) record.outcome.epochs.resize(1);
  EXPECT_EQ(made.html().find("Learning curves"), std::string::npos);
}

TEST(Html, LearningCurvesAreOfCellsNotOfTestNoises) {
  Made made;
  made.study.base.evaluate.noise_levels = {0, 0.3};
  made.study.axes = {axis<Int>("data.size", {100, 300})};
  for (const study::Trial& trial : study::grid(made.study)) made.records.push_back(done(trial, {90, 70}));
  const std::string html = made.html();
  EXPECT_EQ(data_of(html, "curves").at("lines").size(), 2u);
  EXPECT_EQ(data_of(html, "confusions").at("counts").size(), 4u);
  EXPECT_NE(html.find("<option selected>300 real images</option>"), std::string::npos);
}

TEST(Html, HoldsSoManyCellsAndEvenlySpread) {
  EXPECT_EQ(held_cells(3, 100), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(held_cells(10, kMostNumbers / 5), (std::vector<std::size_t>{1, 3, 5, 7, 9}));
  EXPECT_EQ(held_cells(10, 2 * kMostNumbers), (std::vector<std::size_t>{9}));
  EXPECT_EQ(held_cells(100'000, 1).size(), kMostCells);
  EXPECT_EQ(held_text(7, 7), "");
  EXPECT_EQ(held_text(2000, 100000), " 2,000 of 100,000 cells are here, evenly spread.");
}

TEST(Html, NamesTheNetworksOfTheStudy) {
  Made made;
  made.study.networks["mine <1>"] = {.layers = {"flatten", "dense 10"}};
  made.run(80);
  EXPECT_NE(made.html().find("<code>networks.mine &lt;1&gt;</code></td><td>flatten, dense 10</td>"),
            std::string::npos);
}

page::Plot sizes_plot(Made& made, std::uint64_t all) {
  made.study.axes = {axis<Int>("data.size", {100, 1000, 0}), axis<double>("data.synthetic_ratio", {0.0, 1.0}),
                     axis<Int>("seed", {0, 1})};
  made.run(80);
  for (study::TrialRecord& record : made.records) {
    if (record.settings.data.size == 0)
      record.outcome.train_images = all * (record.settings.data.synthetic_ratio > 0 ? 2 : 1);
  }
  const Summary summary = summary_of(made.study, made.records);
  return metric_plot(made.study, summary, layout_of(summary), study::kTestAccuracy);
}

TEST(Chart, AllImagesStandWhereTheyAreOnTheLogarithmicAxis) {
  Made made;
  const page::Plot plot = sizes_plot(made, 60000);
  EXPECT_EQ(plot.x_scale, page::Scale::logarithmic);
  EXPECT_FALSE(plot.x_apart);
  EXPECT_EQ(plot.x_ticks.back().label, "all");
  EXPECT_EQ(plot.x_ticks.back().value, 60000);
  EXPECT_EQ(plot.x_label, "real images (all: 60,000), log scale");
  expect_balanced(made.html());
}

TEST(Chart, AllImagesStandApartWhereTheirNumberIsNotKnown) {
  Made made;
  made.study.base.train.validation_fraction = 0.1;  // so train_images is less than what "all" means
  const page::Plot plot = sizes_plot(made, 54000);
  EXPECT_EQ(plot.x_scale, page::Scale::logarithmic);
  EXPECT_TRUE(plot.x_apart);
  EXPECT_EQ(plot.numbers(), 2u);
  const std::string svg = page::panel_svg(plot, plot.panels.at(0));
  EXPECT_EQ(count(svg, "class=\"line"), 2u);  // a line for each ratio, over the numbers alone
  EXPECT_EQ(count(svg, "class=\"mean"), 4u);
  EXPECT_EQ(count(svg, "class=\"bar"), 2u);  // all: a bar for each ratio
  EXPECT_NE(svg.find(">all</text>"), std::string::npos);
  EXPECT_NE(made.html().find("Right of the axis: all images"), std::string::npos);
  expect_balanced(made.html());
}

TEST(Chart, TicksAreRoundNumbersInRange) {
  const auto labels = [](double low, double high, page::Scale scale) {
    std::string text;
    for (const page::Tick& tick : page::y_ticks(low, high, scale)) text += tick.label + " ";
    return text;
  };
  EXPECT_EQ(labels(38, 100, page::Scale::linear), "40 60 80 100 ");
  EXPECT_EQ(labels(-0.21, 0.42, page::Scale::linear), "-0.2 0.0 0.2 0.4 ");
  EXPECT_EQ(labels(97.91, 98.34, page::Scale::linear), "98.0 98.1 98.2 98.3 ");
  EXPECT_EQ(labels(0.04, 2.3, page::Scale::logarithmic), "0.05 0.1 0.2 0.5 1 2 ");
}

TEST(Chart, ConfusionShowsCountsAndNames) {
  const std::vector<std::uint64_t> counts = {7, 0, 12, 9};
  const std::string svg = page::confusion_svg(counts, {"cat", "dog & co"});
  EXPECT_NE(svg.find("<title>true dog &amp; co, called cat: 12</title>"), std::string::npos);
  EXPECT_EQ(count(svg, "<rect"), 4u);
}

TEST(Report, WritesEveryFileTheSameEveryTime) {
  const TemporaryFolder folder;
  const Made made = whole_study();
  const auto write = [&](const std::vector<study::TrialRecord>& records) {
    const Report report = make_report(made.study, study::grid(made.study), records);
    write_report(report, folder.path());
    return terminal_text(report);
  };
  EXPECT_NE(write(made.records).find("36 of 36"), std::string::npos);
  std::vector<std::string> first;
  const std::vector<std::string> names = {"trials.csv",   "cells.csv",  "per_class.csv",
                                          "epochs.csv",   "timing.csv", "classification.json",
                                          "summary.json", "report.html"};
  for (const std::string& name : names) first.push_back(read_text(folder.path() / name));
  std::vector<study::TrialRecord> backwards(made.records.rbegin(), made.records.rend());
  write(backwards);
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(read_text(folder.path() / names[i]), first[i]) << names[i];
}

}  // namespace
}  // namespace titrate::report
