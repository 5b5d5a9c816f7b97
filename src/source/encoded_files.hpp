// Picture files, one image each: what the sources folder and csv share; private to this module.
//
// When a source opens, no more of a file is read than its head, and only its shape is kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "titrate/codec/codec.hpp"
#include "titrate/source/settings.hpp"

namespace titrate::source {

// The keys of a kind whose images are picture files: background, most_pixels.
std::vector<DocumentKey> decode_keys();

// Their values. Throws Error (usage) for a background that is no colour.
codec::DecodeSettings decode_settings(const SourceSettings& settings);

// What a name's ending promises ("a/b.JPG" is a JPEG). Nothing: not the name of a picture.
std::optional<codec::Format> format_of_ending(std::string_view name);

// Why a file of this name, which promises no format that is read, is not taken: "WebP is not read; ...".
std::string why_not_taken(std::string_view name);

// Why a name can stand neither in a dataset nor in a message: it is not UTF-8, or has control characters.
// Empty where it can.
std::string fault_of_name(std::string_view name);

// The whole name, with \xHH for what fault_of_name() objects to.
std::string escaped(std::string_view name);

struct ProbedFile {
  image::Shape shape{};
  std::string fault{};  // why it cannot be packed; empty: it can
  std::uint64_t state = 0;
};

// Looks at folder/name for each name, on all usable processors. A file that is missing, no regular file, no
// picture, or a picture of another format than its ending says has a fault, and never waits (a pipe). Throws
// nothing for a file's sake.
std::vector<ProbedFile> probe_files(const std::filesystem::path& folder, std::span<const std::string> names,
                                    const codec::DecodeSettings& settings);

// The picture, which must have the shape that its head had. Throws Error (integrity, io).
image::Image decode_file(const std::filesystem::path& path, const image::Shape& shape,
                         const codec::DecodeSettings& settings);

}  // namespace titrate::source
