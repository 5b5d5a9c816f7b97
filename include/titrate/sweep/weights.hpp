// Weights that outlive their trial: weights/TRIAL.safetensors, with PyTorch's names and layouts, and with all
// that is needed to use them again.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/data/standardisation.hpp"
#include "titrate/image/image.hpp"
#include "titrate/study/record.hpp"
#include "titrate/train/engine.hpp"
#include "titrate/train/trainer.hpp"

namespace titrate::sweep {

// none; of each cell the trial with the lowest validation loss; every trial.
enum class Keep { none, best, all };
constexpr auto choices(Keep) {
  return choice_table<Keep>({{Keep::none, "none"}, {Keep::best, "best"}, {Keep::all, "all"}});
}

struct KeptWeights {
  std::string trial{};
  study::Settings settings{};
  std::string fingerprint{};  // of the dataset it was trained on
  std::vector<std::string> class_names{};
  image::Shape image{};  // of the dataset's images; the network's input may be padded
  data::Standardisation standardisation{};
  train::Model model{};
  std::uint64_t steps = 0;
};

// The network and the way of an image into it, to be tested; nothing to train.
train::TrialSetup test_setup(const KeptWeights& weights);

std::filesystem::path weights_file(const std::filesystem::path& run_folder, const std::string& trial);

// The bytes of a file. Its metadata "titrate" is a JSON object with the members above but the numbers of the
// model: those are arrays.
std::string encode_weights(const KeptWeights& weights);

// Throws Error (io, integrity).
KeptWeights read_weights(const std::filesystem::path& path);

// Of each cell of `records`, removes all weights but those of the done trial with the lowest validation loss
// among those that have some. Returns the number of cells whose best trial has none.
std::size_t keep_best(const std::filesystem::path& run_folder,
                      std::span<const study::TrialRecord* const> records);

}  // namespace titrate::sweep
