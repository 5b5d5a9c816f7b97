// Arrays of images with their labels, by the names that people give them; private to this module.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "elements.hpp"
#include "titrate/source/source.hpp"

namespace titrate::source {

struct ArraySet {
  std::string images{};  // names of arrays
  std::string labels{};
  std::optional<shard::Split> split{};  // empty: the names do not say
};

// Which of the arrays `names` hold images and labels: those that the settings name (keys `images` and
// `labels`), else by their names: images and labels, X and y, ..., with or without a split (train_images,
// X_train, val_labels, train/images). Only those of the settings' split where the names say one. Throws Error
// naming `where`: integrity when there are none, or images without labels; usage when several could be meant.
std::vector<ArraySet> find_sets(const SourceSettings& settings, const std::vector<std::string>& names,
                                const std::string& where);

struct ImageLayout {
  std::uint64_t count = 0;
  image::Shape shape{};
  bool planar = false;  // channels first
};

// Of N x H x W, N x H x W x C, or N x C x H x W where channels come first; C is 1 or 3. Throws Error
// (integrity).
ImageLayout image_layout(const std::vector<std::uint64_t>& extent, bool channels_first,
                         const std::string& where);

// Puts the channels of one image behind one another for each pixel.
image::Image interleaved(const image::Shape& shape, std::span<const std::uint8_t> planes);

// One set, read.
struct LabelledSet {
  std::string images_where{}, labels_where{};  // for messages
  std::string path{};                          // of its items
  shard::Split split = shard::Split::train;
  ImageLayout layout{};
  LabelColumn labels{};
};

// Fills in class names and items. Classes are those of the settings, else `known`, else those that the labels
// name, sorted, else "0" to the highest label. Throws Error (integrity) when the numbers of images and labels
// differ, or a label is no class.
void list_sets(const SourceSettings& settings, const std::vector<std::string>& known,
               const std::vector<LabelledSet>& sets, Listing& listing);

}  // namespace titrate::source
