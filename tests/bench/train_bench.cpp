// How many images per second the engine trains on, in turns with train_peer.py; run_bench.py asks both.
//
//   train_bench ENGINE_LIBRARY NETWORK SIDE CHANNELS BATCH_SIZE      images are SIDE x SIDE
//
// Reads "run SECONDS" lines, trains for that long on one thread, and answers each with the images per second
// of the clock, and per second of processor time: whole steps, which gather, normalise, go forward and back,
// and optimise. Ends with the input.
#include <time.h>

#include <chrono>
#include <iostream>
#include <string>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"
#include "titrate/data/schedule.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/model.hpp"

namespace titrate {
namespace {

constexpr std::uint32_t kClasses = 10, kWarmUpSteps = 5;
constexpr std::size_t kPixelBytes = 60'000 * 28 * 28;  // of all images: more than a cache holds

// Steps through epoch after epoch.
class Loop {
 public:
  Loop(train::Engine& engine, const data::Dataset& dataset, const net::TensorShape& input,
       std::uint32_t batch_size)
      : engine_(engine),
        rows_(dataset.rows_of(data::Split::train)),
        pipeline_(data::make_pipeline(dataset.manifest(), {}, 1)),
        batch_size_(batch_size) {
    pipeline_.height = input.height;
    pipeline_.width = input.width;
  }

  std::size_t step() {
    if (next_ >= order_.size()) start_epoch();
    const auto batch =
        std::span(order_).subspan(next_, std::min<std::size_t>(batch_size_, order_.size() - next_));
    engine_.train_step(batch, {.number = number_++, .epoch = epoch_, .learning_rate = 0.01}, pipeline_);
    next_ += batch.size();
    return batch.size();
  }

 private:
  void start_epoch() {
    if (!order_.empty()) engine_.finish_epoch();
    order_ = data::epoch_order(rows_, 1, ++epoch_);
    next_ = 0;
  }

  train::Engine& engine_;
  std::vector<std::uint32_t> rows_, order_;
  data::Pipeline pipeline_;
  std::uint32_t batch_size_, epoch_ = 0;
  std::uint64_t number_ = 0;
  std::size_t next_ = 0;
};

// Of this process, all threads.
double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void run_for(Loop& loop, double seconds) {
  using Clock = std::chrono::steady_clock;
  for (std::uint32_t i = 0; i < kWarmUpSteps; ++i) loop.step();
  const auto start = Clock::now();
  const double processor_start = processor_seconds();
  double elapsed = 0, images = 0;
  while (elapsed < seconds) {
    images += static_cast<double>(loop.step());
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  std::cout << images / elapsed << ' ' << images / (processor_seconds() - processor_start) << std::endl;
}

int run(int argc, char** argv) {
  if (argc != 6)
    throw std::runtime_error("usage: train_bench ENGINE_LIBRARY NETWORK SIDE CHANNELS BATCH_SIZE");
  const auto number = [&](int i) { return static_cast<std::uint32_t>(std::stoul(argv[i])); };
  const image::Shape shape{number(3), number(3), number(4)};
  const std::uint32_t batch_size = number(5);
  const auto images = static_cast<std::uint32_t>(kPixelBytes / shape.bytes() / kClasses);
  const test::LoadedDataset dataset = test::make_dataset(
      test::random_content(shape, std::vector<test::ClassSize>(kClasses, {.real = images})));
  const net::Network network =
      net::make_network(argv[2], {shape.channels, shape.height, shape.width}, kClasses);
  const train::EngineLibrary engines(argv[1]);
  const auto engine = engines.make(
      {.dataset = &*dataset,
       .network = network,
       .train = {.batch_size = batch_size, .learning_rate = 0.01, .momentum = 0.5},
       .seed = 1,
       .initial = train::initial_model(net::parameter_layout(network), study::Initial::pytorch, 1)});
  Loop loop(*engine, *dataset, network.input, batch_size);
  for (std::string word; std::cin >> word && word == "run";) {
    double seconds = 0;
    std::cin >> seconds;
    run_for(loop, seconds);
  }
  return 0;
}

}  // namespace
}  // namespace titrate

int main(int argc, char** argv) { return titrate::run_and_report("train_bench", titrate::run, argc, argv); }
