// What the engine computes, in files that another framework can be held against.
//
//   engine_dump ENGINE_LIBRARY FOLDER...
//
// Each folder holds a request.json:
//   network, or layers and side     of the zoo, or text forms and what images are padded to
//   images                          [height, width, channels]
//   classes, batch_size, seed
//   steps, steps_per_epoch, epoch   steps of training, and the number of the first epoch
//   restore_at                      the step before which another engine takes over
//   width                           engines that train together, each in a thread of its own
//   train                           keys of TrainSettings
//   class_weights                   one per class
//   validation_losses               one per epoch, for the schedule "plateau"
// and gets, as raw float32: images.bin (all steps' batches, as the network sees them), models.bin (parameters
// before the first step and after each), running.bin (running statistics likewise), gradients.bin (each
// step's), logits.bin (of the last batch in evaluation, by the first model and by the last); and dump.json:
// the layouts, what the steps' random numbers are keyed by, sums of epochs, predictions for the last batch.
#include <barrier>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/make_dataset.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/net/zoo.hpp"
#include "titrate/study/record.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/learning_rate.hpp"
#include "titrate/train/model.hpp"

namespace titrate {
namespace {

using nlohmann::json;

constexpr std::uint32_t kImagesPerClass = 20;

// Those of the request that are keys of [train].
study::TrainSettings train_settings(const json& given) {
  json settings = json::object();
  for (const study::Key& key : study::keys()) {
    const std::string member = key.name.substr(key.name.find('.') + 1);
    if (key.name.starts_with("train.") && given.contains(member)) settings[key.name] = given[member];
  }
  return study::parse_settings(settings.dump(), "request").train;
}

struct Request {
  image::Shape images;
  std::uint32_t classes, batch_size, steps, steps_per_epoch, epoch, restore_at, width;
  std::uint64_t seed;
  net::Network network;
  study::TrainSettings train;
  std::vector<float> class_weights;
  std::vector<double> validation_losses;
};

Request read_request(const std::filesystem::path& path) {
  const json given = json::parse(read_text(path));
  const auto shape = given.at("images").get<std::vector<std::uint32_t>>();
  Request request{.images = {shape.at(0), shape.at(1), shape.at(2)},
                  .classes = given.value("classes", 10u),
                  .batch_size = given.value("batch_size", 50u),
                  .steps = given.value("steps", 1u),
                  .steps_per_epoch = given.value("steps_per_epoch", 1u),
                  .epoch = given.value("epoch", 3u),
                  .restore_at = given.value("restore_at", 0u),
                  .width = given.value("width", 1u),
                  .seed = given.value("seed", std::uint64_t{11}),
                  .network = {},
                  .train = train_settings(given.value("train", json::object())),
                  .class_weights = given.value("class_weights", std::vector<float>()),
                  .validation_losses = given.value("validation_losses", std::vector<double>())};
  const net::TensorShape input{shape[2], shape[0], shape[1]};
  request.network = given.contains("network")
                        ? net::make_network(given["network"].get<std::string>(), input, request.classes)
                        : net::make_network(given["layers"].get<std::vector<std::string>>(), input,
                                            request.classes, given.value("side", 0u));
  return request;
}

json layout_json(const std::vector<net::ParameterTensor>& tensors) {
  json list = json::array();
  for (const net::ParameterTensor& tensor : tensors) {
    list.push_back({{"name", tensor.name},
                    {"dimensions", tensor.dimensions},
                    {"offset", tensor.offset},
                    {"count", tensor.count}});
  }
  return list;
}

json sums_json(const train::EpochSums& sums) {
  return {{"loss", sums.loss},
          {"weight", sums.weight},
          {"correct", sums.correct},
          {"images", sums.images},
          {"diverged", sums.diverged ? json(*sums.diverged) : json()}};
}

// Sums over engines in threads of this process, in the tree of mpi-tree.
class Meeting {
 public:
  explicit Meeting(std::uint32_t width) : buffers_(width), barrier_(width) {}

  void sum(std::size_t rank, float* data, std::size_t count) {
    buffers_[rank] = data;
    barrier_.arrive_and_wait();
    std::vector<float> total(count);
    for (std::size_t i = 0; i < count; ++i) total[i] = sum_of(i, 0, buffers_.size());
    barrier_.arrive_and_wait();
    std::copy(total.begin(), total.end(), data);
  }
  int width() const { return static_cast<int>(buffers_.size()); }

 private:
  float sum_of(std::size_t place, std::size_t first, std::size_t ranks) const {
    if (ranks == 1) return buffers_[first][place];
    return sum_of(place, first, ranks / 2) + sum_of(place, first + ranks / 2, ranks / 2);
  }

  std::vector<float*> buffers_;
  std::barrier<> barrier_;
};

class ThreadExchange final : public comm::Exchange {
 public:
  ThreadExchange(Meeting& meeting, std::size_t rank) : meeting_(meeting), rank_(rank) {}

  void sum(float* data, std::size_t count) override { meeting_.sum(rank_, data, count); }
  int rank() const override { return static_cast<int>(rank_); }
  int width() const override { return meeting_.width(); }
  std::string name() const override { return "threads"; }

 private:
  Meeting& meeting_;
  std::size_t rank_;
};

class Dump {
 public:
  Dump(const train::EngineLibrary& engines, const Request& request)
      : engines_(engines),
        request_(request),
        layout_(net::parameter_layout(request.network)),
        dataset_(test::make_dataset(test::random_content(
            request.images, std::vector<test::ClassSize>(request.classes, {.real = kImagesPerClass})))),
        pipeline_(data::make_pipeline(dataset_->manifest(),
                                      {.kind = image::NoiseKind::gaussian, .level = 0.1}, request.seed)),
        rows_(dataset_->rows_of(data::Split::train)),
        initial_(train::initial_model(layout_, request.train.initial, request.seed)),
        meeting_(request.width) {
    for (std::uint32_t rank = 0; rank < request.width; ++rank)
      exchanges_.push_back(std::make_unique<ThreadExchange>(meeting_, rank));
    for (std::uint32_t rank = 0; rank < request.width; ++rank) group_.push_back(make_engine(rank));
    pipeline_.height = request.network.input.height;
    pipeline_.width = request.network.input.width;
  }

  void run() {
    keep_model();
    for (std::uint32_t step = 0; step < request_.steps; ++step) train(step);
    evaluate();
  }

  void write(const std::filesystem::path& folder) const {
    const auto floats = [&](const char* name, std::span<const float> values) {
      write_file(folder / name, std::as_bytes(values));
    };
    floats("images.bin", images_);
    floats("models.bin", models_);
    floats("running.bin", running_);
    floats("gradients.bin", gradients_);
    floats("logits.bin", logits_);
    json dump = dump_;
    const net::TensorShape& input = request_.network.input;
    dump["input"] = {input.channels, input.height, input.width};
    dump["layout"] = layout_json(layout_.tensors);
    dump["floats"] = layout_.floats;
    dump["running_layout"] = layout_json(layout_.running);
    dump["running_floats"] = layout_.running_floats;
    dump["parameter_count"] = net::parameter_count(request_.network);
    dump["seed"] = request_.seed;
    write_file(folder / "dump.json", dump.dump(1) + "\n");
  }

 private:
  std::unique_ptr<train::Engine> make_engine(std::size_t rank) const {
    return engines_.make({.dataset = &*dataset_,
                          .network = request_.network,
                          .train = request_.train,
                          .seed = request_.seed,
                          .initial = initial_,
                          .class_weights = request_.class_weights,
                          .exchange = request_.width > 1 ? exchanges_[rank].get() : nullptr});
  }

  train::Engine& engine() const { return *group_[0]; }  // that we read from

  std::span<const std::uint32_t> batch(std::uint32_t step) const {
    const std::size_t places = rows_.size() - request_.batch_size + 1;
    return std::span(rows_).subspan((7 + std::size_t{step} * request_.batch_size) % places,
                                    request_.batch_size);
  }

  void train(std::uint32_t number) {
    if (number > 0 && number == request_.restore_at) take_over();
    const std::uint32_t epoch = number / request_.steps_per_epoch;
    const double rate =
        plateau_.scale * train::scheduled_rate(request_.train, {number, request_.steps, epoch});
    const train::Step step{number, request_.epoch + epoch, rate};
    std::vector<std::jthread> others;
    for (std::size_t rank = 1; rank < group_.size(); ++rank)
      others.emplace_back([&, rank] { group_[rank]->train_step(batch(number), step, pipeline_); });
    engine().train_step(batch(number), step, pipeline_);
    others.clear();
    keep_input(number, step);
    keep_model();
    const std::vector<float> gradients = engine().gradients();
    gradients_.insert(gradients_.end(), gradients.begin(), gradients.end());
    if ((number + 1) % request_.steps_per_epoch != 0) return;
    dump_["sums"].push_back(sums_json(engine().finish_epoch()));
    if (request_.train.schedule == study::Schedule::plateau)
      plateau_.update(request_.validation_losses.at(epoch), request_.train);
  }

  // As a trial that is resumed.
  void take_over() {
    const train::EngineState state = engine().state();
    for (std::size_t rank = 0; rank < group_.size(); ++rank) {
      group_[rank] = make_engine(rank);
      group_[rank]->restore(state);
    }
  }

  void keep_input(std::uint32_t number, const train::Step& step) {
    std::vector<float> images(request_.batch_size * request_.network.input.values());
    std::vector<std::int64_t> labels(request_.batch_size);
    data::fill_batch(*dataset_, pipeline_, batch(number), images, labels, step.epoch);
    images_.insert(images_.end(), images.begin(), images.end());
    std::vector<std::uint64_t> samples;
    for (const std::uint32_t row : batch(number)) samples.push_back(dataset_->catalog().sample_id[row]);
    dump_["steps"].push_back({{"labels", labels},
                              {"sample_ids", samples},
                              {"epoch", step.epoch},
                              {"learning_rate", step.learning_rate}});
  }

  void keep_model() {
    const train::Model model = engine().model();
    models_.insert(models_.end(), model.parameters.begin(), model.parameters.end());
    running_.insert(running_.end(), model.running.begin(), model.running.end());
  }

  void evaluate() {
    const std::size_t values = request_.batch_size * request_.network.input.values();
    const auto images = std::span<const float>(images_).last(values);
    std::vector<study::Prediction> predictions(request_.batch_size);
    engine().evaluate(batch(request_.steps - 1), pipeline_, predictions);
    for (const study::Prediction& prediction : predictions)
      dump_["predictions"].push_back({prediction.predicted, prediction.loss, prediction.probability});
    const std::vector<float> last = engine().logits(images);
    engine().set_model(initial_);
    logits_ = engine().logits(images);
    logits_.insert(logits_.end(), last.begin(), last.end());
  }

  const train::EngineLibrary& engines_;
  const Request& request_;
  net::ParameterLayout layout_;
  test::LoadedDataset dataset_;
  data::Pipeline pipeline_;
  std::vector<std::uint32_t> rows_;
  train::Model initial_;
  Meeting meeting_;
  std::vector<std::unique_ptr<ThreadExchange>> exchanges_{};
  std::vector<std::unique_ptr<train::Engine>> group_{};
  train::Plateau plateau_{};
  std::vector<float> images_{}, models_{}, running_{}, gradients_{}, logits_{};
  json dump_{};
};

int run(int argc, char** argv) {
  if (argc < 3) throw std::runtime_error("usage: engine_dump ENGINE_LIBRARY FOLDER...");
  const train::EngineLibrary engines(argv[1]);
  for (int i = 2; i < argc; ++i) {
    const std::filesystem::path folder = argv[i];
    const Request request = read_request(folder / "request.json");
    Dump dump(engines, request);
    dump.run();
    dump.write(folder);
  }
  return 0;
}

}  // namespace
}  // namespace titrate

int main(int argc, char** argv) { return titrate::run_and_report("engine_dump", titrate::run, argc, argv); }
