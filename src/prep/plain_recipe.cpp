#include "plain_recipe.hpp"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "titrate/shard/manifest.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;

constexpr double kHeldOut = 0.2;

bool holds(const fs::path& folder, std::initializer_list<const char*> names) {
  std::error_code error;
  return std::ranges::any_of(names, [&](const char* name) {
    return fs::exists(folder / name, error) || fs::exists(folder / (std::string(name) + ".gz"), error);
  });
}

std::string kind_of_folder(const fs::path& folder) {
  if (holds(folder, {shard::kManifestName})) return "hdf5";
  if (holds(folder, {"train-images-idx3-ubyte", "train-images.idx3-ubyte"})) return "idx";
  if (holds(folder, {"data_batch_1.bin", "train.bin"})) return "cifar";
  if (holds(folder, {"X.npy", "X_train.npy", "x_train.npy", "train_images.npy"})) return "npy";
  return "folder";
}

// What `export --to folder` leaves beside the pictures: it knows the origins, which their folders do not.
bool is_export(const fs::path& folder) {
  std::ifstream table(folder / "images.csv");
  std::string header;
  return std::getline(table, header) && header == "path,label,split,origin,generator";
}

std::string kind_of_file(const fs::path& path) {
  const std::string name = path.filename().string();
  const auto ends = [&](std::initializer_list<const char*> endings) {
    return std::ranges::any_of(endings, [&](const char* ending) { return name.ends_with(ending); });
  };
  if (ends({".npz"})) return "npy";
  if (ends({".csv", ".csv.gz"})) return "csv";
  if (ends({".h5", ".hdf5", ".hdf"})) return "hdf5";
  refuse_recipe(path.string(), "neither a recipe nor images that are known",
                "a .toml file, a folder, or a file that ends in .npz, .csv or .h5");
}

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

std::optional<PlainRecipe> make_plain_recipe(const PackOptions& options) {
  std::error_code error;
  const fs::path path = (fs::absolute(options.recipe) / "").lexically_normal().parent_path();
  const bool folder = fs::is_directory(path, error);
  if (!folder && (path.extension() == ".toml" || !fs::exists(path, error))) return {};
  const bool exported = folder && is_export(path);
  const std::string kind = exported ? "csv" : folder ? kind_of_folder(path) : kind_of_file(path);
  const std::string name = path.filename().string() + (exported ? "/images.csv" : "");
  const std::string text = "name = " + quoted(folder ? name : path.stem().string()) +
                           "\n[[source]]\nkind = \"" + kind + "\"\npath = " + quoted(name) + "\n";
  PlainRecipe plain{.recipe = parse_recipe(text, options.recipe.string(), options.overrides),
                    .root = path.parent_path()};
  // Nobody wrote the lines that messages would name.
  for (SourceRecipe& source : plain.recipe.sources) source.settings.where = options.recipe.string();
  return plain;
}

void hold_out_unless_given(const Sources& sources, Recipe& recipe, std::vector<std::string>& notes) {
  // Where there is no recipe, a setting says it: also that none is wanted.
  if (recipe.split.test > 0 || recipe.split.where.starts_with("--set split.test=")) return;
  for (const auto& source : sources) {
    const auto tests = [](const source::Item& item) { return item.split == shard::Split::test; };
    if (std::ranges::any_of(source->listing().items, tests)) return;
  }
  recipe.split.test = kHeldOut;
  recipe.split.where = recipe.file;
  notes.push_back(
      "there are no test images: a fifth of each class is held out (--set split.test=0.2 is another share)");
}

}  // namespace titrate::prep
