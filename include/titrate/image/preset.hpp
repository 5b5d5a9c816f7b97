// Lists of augmentations that keep the labels of common kinds of pictures true, and what breaks them.
//
//   digits    6 and 9 are each other's half turn: small turns, no flips
//   letters   so are M and W, N and Z are a quarter turn apart, b d p q differ by flips: the same
//   objects   left and right may change places; nothing stands on its head
//
// Moves in pixels and the smoothness of elastic distortions are meant for pictures of about 28 x 28 (digits,
// letters) and 32 x 32 (objects).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/image/operation.hpp"

namespace titrate::image {

std::vector<std::string> preset_names();

// Throws Error (usage) that names `where` for a preset that there is not, with the nearest.
std::vector<Operation> preset_operations(std::string_view name, std::string_view where);

// A line per preset with its operations, then the sizes they are made for, for --help.
std::string presets_help();

// A sentence for each operation that may turn a picture of this kind into one of another class, or into none;
// and one for rotations and shears that do so only together. `shape` is that of the pictures, for what is in
// pixels; without it, the size the preset is made for. Throws Error (internal) for a preset that there is
// not.
std::vector<std::string> label_risks(std::string_view preset, std::span<const Operation> operations,
                                     std::optional<Shape> shape = std::nullopt);

}  // namespace titrate::image
