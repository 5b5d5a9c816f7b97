// A contact sheet of a dataset: for each class a line of examples of each origin.
#pragma once

#include <filesystem>

#include "titrate/image/image.hpp"
#include "titrate/shard/manifest.hpp"

namespace titrate::prep {

// Examples are spread evenly over the rows of their class and origin, whatever the split; each is named on
// the left, as in "7 synthetic 7,000". Large images are shrunk, long names cut, and after 500 lines the sheet
// ends. Throws Error (integrity) as reading a shard does.
image::Image make_montage(const std::filesystem::path& folder, const shard::Manifest& manifest);

}  // namespace titrate::prep
