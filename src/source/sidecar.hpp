// A sidecar: what is known of each file of a folder, as generators write it beside their images.
//
// JSON lines. Each is an object with "file", the path relative to the folder (or "file_name", as Hugging Face
// calls it), and what is known of it: "prompt" and "model" (text), "seed" (integer), "parents" (list of the
// paths of the real images it was made from), and anything else, which is kept. Blank lines are skipped.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_set>

#include "titrate/source/source.hpp"

namespace titrate::source {

// Found by this name in the folder of a source, it is taken without being asked for, and passed over with a
// note where it is none: others call their files so too.
inline constexpr const char* kSidecarName = "metadata.jsonl";

// Gives `listing` the text of the file, and each item that it names its parents. A line may also name what
// the listing refuses or what is in `passed_over`. Throws Error: io where the file cannot be read; integrity
// that names path:line for what is no JSON object, a key that is missing or of another type, a file that the
// folder does not have, and one that was named before.
void read_sidecar(const std::filesystem::path& path, const std::unordered_set<std::string>& passed_over,
                  Listing& listing);

}  // namespace titrate::source
