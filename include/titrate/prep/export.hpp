// Giving the images of a dataset back, as files that other tools read; `pack` reads each of them again. Only
// images.csv tells it their origins, and augmented images it leaves out by name: their parents are not told.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "titrate/core/choice.hpp"
#include "titrate/shard/format.hpp"

namespace titrate::prep {

// folder: SPLIT/CLASS/ROW-ORIGIN.png, and images.csv with path, label, split, origin and generator of each.
// idx: the files of MNIST, train-, t10k- and val-; one channel only. Origins are lost.
// npz: SPLIT_images and SPLIT_labels as MedMNIST names them (train, val, test), and SPLIT_origin.
// The last two want `origins` where not all images are real.
enum class ExportForm { folder, idx, npz };
constexpr auto choices(ExportForm) {
  return choice_table<ExportForm>(
      {{ExportForm::folder, "folder"}, {ExportForm::idx, "idx"}, {ExportForm::npz, "npz"}});
}

struct ExportOptions {
  std::filesystem::path dataset{};
  std::filesystem::path out{};  // a folder (npz: a file that ends so) that is not there yet
  ExportForm form = ExportForm::folder;
  std::vector<shard::Origin> origins{};  // empty: all
};

// Returns the number of images. Everything is there when it returns, and nothing when it fails; what a killed
// one leaves is hidden, ".OUT.exporting" or "OUT.tmp.PID". Throws Error: usage (no dataset, `out` is there,
// colour as idx, no image of these origins, origins that the form hides and nobody asked for, a class that
// cannot be a folder), integrity (a damaged shard), io, in_use.
std::uint64_t export_dataset(const ExportOptions& options);

}  // namespace titrate::prep
