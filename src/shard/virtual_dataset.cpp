#include "titrate/shard/virtual_dataset.hpp"

#include <algorithm>

#include "hdf5.hpp"
#include "memory_file.hpp"

namespace titrate::shard {
namespace {

using hdf5::Handle;
using hdf5::Library;
using hdf5::MemoryFile;

constexpr std::size_t kExpectedBytes = 1 << 20;

Handle open_shard(const Library& library, const std::filesystem::path& path) {
  return library.own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "cannot open the shard");
}

// Shards pad their paths each to a length of its own; the view needs the longest.
std::size_t string_size(const Library& library, hid_t shard, const char* name) {
  const Handle set = library.own(H5Dopen2(shard, name, H5P_DEFAULT), H5Dclose, name);
  const Handle type = library.own(H5Dget_type(set), H5Tclose, name);
  return H5Tget_size(type);
}

// The tables are the same in every shard.
void copy_strings(const Library& library, hid_t shard, const char* name, MemoryFile& out) {
  const Handle set = library.own(H5Dopen2(shard, name, H5P_DEFAULT), H5Dclose, name);
  const Handle type = library.own(H5Dget_type(set), H5Tclose, name);
  const Handle space = library.own(H5Dget_space(set), H5Sclose, name);
  const auto count = static_cast<hsize_t>(library.check(H5Sget_simple_extent_npoints(space), name));
  std::vector<char> values(count * H5Tget_size(type));
  library.check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), name);
  out.dataset(name, type, type, {count}, values.data());
}

Handle split_type(const Library& library) {
  Handle type = library.own(H5Tenum_create(H5T_STD_U8LE), H5Tclose, "cannot make a type");
  for (std::size_t i = 0; i < kSplitNames.size(); ++i) {
    const auto value = static_cast<std::uint8_t>(i);
    library.check(H5Tenum_insert(type, std::string(kSplitNames[i]).c_str(), &value), "cannot make a type");
  }
  return type;
}

std::vector<std::uint8_t> splits_of(const Manifest& manifest) {
  std::vector<std::uint8_t> splits;
  for (const ShardFile& file : manifest.shards)
    splits.insert(splits.end(), file.rows, static_cast<std::uint8_t>(file.split));
  return splits;
}

}  // namespace

std::vector<std::byte> build_virtual_dataset(const std::filesystem::path& folder, const Manifest& manifest) {
  const Library library(ErrorCode::integrity, (folder / kVirtualName).string());
  MemoryFile out(library, kExpectedBytes);
  out.attribute("format", {"titrate-dataset"}, true);
  out.attribute("version", kFormatVersion);
  out.attribute("dataset", {manifest.name}, true);
  out.attribute("class_names", manifest.class_names, false);
  std::vector<MemoryFile::Piece> pieces;
  std::size_t path = 1;
  for (const ShardFile& file : manifest.shards) {
    pieces.push_back({file.name, file.rows});
    path = std::max(path, string_size(library, open_shard(library, folder / file.name), "source_path"));
  }
  out.virtual_dataset("images", H5T_STD_U8LE,
                      {manifest.shape.height, manifest.shape.width, manifest.shape.channels}, pieces);
  out.virtual_dataset("labels", H5T_STD_I32LE, {}, pieces);
  out.virtual_dataset("origin", origin_type(library), {}, pieces);
  for (const char* name : {"sample_id", "parent_id", "family_id", "content_hash", "source_row"})
    out.virtual_dataset(name, H5T_STD_U64LE, {}, pieces);
  for (const char* name : {"source", "operation"}) out.virtual_dataset(name, H5T_STD_U32LE, {}, pieces);
  out.virtual_dataset("source_path", string_type(library, path), {}, pieces);
  const Handle splits = split_type(library);
  out.column("split", splits, splits, splits_of(manifest));
  const Handle first = open_shard(library, folder / manifest.shards[0].name);
  copy_strings(library, first, "sources", out);
  copy_strings(library, first, "operations", out);
  return out.finish();
}

}  // namespace titrate::shard
