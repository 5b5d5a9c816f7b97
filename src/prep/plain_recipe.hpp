// Packing images for which no recipe was written: the recipe that a folder or file of images stands for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plan.hpp"
#include "titrate/prep/pack.hpp"
#include "titrate/prep/recipe.hpp"

namespace titrate::prep {

struct PlainRecipe {
  Recipe recipe{};
  std::filesystem::path root{};  // where its path begins
};

// Nothing where options.recipe is a TOML file. Else a recipe with this one source, named after it; its kind
// is told by what is there: a dataset of ours or an HDF5 file, .npz or .npy, .csv, IDX or CIFAR files by
// their names, else a folder of pictures. Throws Error (usage) when nothing is there, or nothing that is
// known.
std::optional<PlainRecipe> make_plain_recipe(const PackOptions& options);

// A fifth is held out for testing where neither the source nor the user says what is; `notes` says so.
void hold_out_unless_given(const Sources& sources, Recipe& recipe, std::vector<std::string>& notes);

}  // namespace titrate::prep
