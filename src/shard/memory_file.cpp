#include "memory_file.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace titrate::shard::hdf5 {
namespace {

constexpr std::size_t kGrowth = 1 << 20;      // bytes by which the file in memory grows
constexpr std::size_t kEndOfFileOffset = 28;  // superblock versions 2 and 3: where the file's end stands
constexpr std::size_t kSuperblockVersionOffset = 8;

// HDF5's core driver works in memory of ours, so it is still there after H5Fclose. It clears what it grows
// by.
void* image_malloc(size_t, H5FD_file_image_op_t, void*) { return nullptr; }  // only for opening an image
void* image_memcpy(void*, const void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
void* image_realloc(void*, size_t size, H5FD_file_image_op_t, void* data) {
  try {
    auto& bytes = *static_cast<LargeBytes*>(data);
    if (bytes.size() < size) bytes.resize(size);
    return bytes.data();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
herr_t image_free(void*, H5FD_file_image_op_t, void*) { return 0; }
void* share_data(void* data) { return data; }
herr_t release_data(void*) { return 0; }

// Fixed-length strings, one after another.
struct Packed {
  std::size_t size = 1;
  std::vector<char> bytes;
};

template <class Text>
Packed pack(const std::vector<Text>& values) {
  Packed packed;
  for (const Text& value : values) packed.size = std::max(packed.size, value.size());
  packed.bytes.resize(packed.size * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::copy(values[i].begin(), values[i].end(),
              packed.bytes.begin() + static_cast<std::ptrdiff_t>(i * packed.size));
  }
  return packed;
}

}  // namespace

MemoryFile::MemoryFile(const Library& library, std::size_t expected_bytes, LargeBytes memory)
    : library_(library),
      bytes_((reserve_large(memory, expected_bytes), std::move(memory))),
      file_(open_file()) {}

Handle MemoryFile::open_file() {
  const Handle access = library_.own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot make a property list");
  library_.check(H5Pset_fapl_core(access, kGrowth, false), "cannot choose the core driver");
  // "latest" by name, so that a newer library writes the same bytes and an older one still reads them.
  library_.check(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "cannot choose the format");
  H5FD_file_image_callbacks_t callbacks{image_malloc, image_memcpy, image_realloc, image_free,
                                        share_data,   release_data, &bytes_};
  library_.check(H5Pset_file_image_callbacks(access, &callbacks), "cannot keep the file in memory");
  const Handle creation = library_.own(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "cannot make a property list");
  library_.check(H5Pset_obj_track_times(creation, false), "cannot leave out times");
  return library_.own(H5Fcreate("memory", H5F_ACC_TRUNC, creation, access), H5Fclose,
                      "cannot begin the file");
}

std::size_t MemoryFile::dataset(const char* name, hid_t file_type, hid_t memory_type,
                                const std::vector<hsize_t>& extent, const void* values) {
  const auto rank = static_cast<int>(extent.size());
  const Handle space =
      library_.own(H5Screate_simple(rank, extent.data(), nullptr), H5Sclose, "cannot make a dataspace");
  const Handle creation =
      library_.own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "cannot make a property list");
  library_.check(H5Pset_layout(creation, H5D_CONTIGUOUS), "cannot choose contiguous layout");
  library_.check(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), "cannot allocate early");
  library_.check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), "cannot leave out the fill value");
  library_.check(H5Pset_obj_track_times(creation, false), "cannot leave out times");
  const Handle set = library_.own(
      H5Dcreate2(file_, name, file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose, name);
  if (std::find(extent.begin(), extent.end(), hsize_t{0}) != extent.end()) return 0;
  if (values != nullptr)
    library_.check(H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
  const haddr_t offset = H5Dget_offset(set);
  if (offset == HADDR_UNDEF) library_.fail(std::string(name) + " has no place in the file");
  return static_cast<std::size_t>(offset);
}

void MemoryFile::strings(const char* name, const std::vector<std::string>& values) {
  strings(name, std::vector<std::string_view>(values.begin(), values.end()));
}

void MemoryFile::strings(const char* name, const std::vector<std::string_view>& values) {
  const Packed packed = pack(values);
  const Handle type = string_type(library_, packed.size);
  dataset(name, type, type, {values.size()}, packed.bytes.data());
}

void MemoryFile::attribute(const char* name, std::uint32_t value) {
  const Handle space = library_.own(H5Screate(H5S_SCALAR), H5Sclose, "cannot make a dataspace");
  const Handle attribute =
      library_.own(H5Acreate2(file_, name, H5T_STD_U32LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
  library_.check(H5Awrite(attribute, H5T_NATIVE_UINT32, &value), name);
}

void MemoryFile::attribute(const char* name, const std::vector<std::string>& values, bool scalar) {
  const Packed packed = pack(values);
  const hsize_t extent = values.size();
  const Handle type = string_type(library_, packed.size);
  const Handle space = library_.own(scalar ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, nullptr),
                                    H5Sclose, "cannot make a dataspace");
  const Handle attribute =
      library_.own(H5Acreate2(file_, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
  library_.check(H5Awrite(attribute, type, packed.bytes.data()), name);
}

// The core driver rounds the memory up; where the file ends stands in its superblock.
LargeBytes MemoryFile::take() {
  library_.check(file_.close(), "cannot finish the file");
  LargeBytes bytes = std::move(bytes_);
  std::uint64_t end = 0;
  if (bytes.size() >= kEndOfFileOffset + sizeof end) {
    std::memcpy(&end, bytes.data() + kEndOfFileOffset, sizeof end);
  }
  const auto version =
      bytes.size() > kSuperblockVersionOffset ? bytes[kSuperblockVersionOffset] : std::byte{0};
  if (version < std::byte{2} || version > std::byte{3} || end > bytes.size()) {
    library_.refuse("HDF5 wrote a file of another format than was asked for", "superblock 2 or 3",
                    std::to_string(std::to_integer<int>(version)));
  }
  bytes.resize(end);
  return bytes;
}

std::vector<std::byte> MemoryFile::finish() {
  const LargeBytes bytes = take();
  return {bytes.begin(), bytes.end()};
}

void MemoryFile::virtual_dataset(const char* name, hid_t type, const std::vector<hsize_t>& row,
                                 const std::vector<Piece>& pieces) {
  const auto space_of = [&](hsize_t rows) {
    std::vector<hsize_t> extent{rows};
    extent.insert(extent.end(), row.begin(), row.end());
    return library_.own(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose,
                        "cannot make a dataspace");
  };
  hsize_t rows = 0;
  for (const Piece& piece : pieces) rows += piece.rows;
  const Handle creation =
      library_.own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "cannot make a property list");
  library_.check(H5Pset_obj_track_times(creation, false), "cannot leave out times");
  const Handle space = space_of(rows);
  std::vector<hsize_t> start(row.size() + 1), count{0};
  count.insert(count.end(), row.begin(), row.end());
  for (const Piece& piece : pieces) {
    if (piece.rows == 0) continue;
    count[0] = piece.rows;
    library_.check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
                   name);
    library_.check(H5Pset_virtual(creation, space, piece.file.c_str(), name, space_of(piece.rows)), name);
    start[0] += piece.rows;
  }
  library_.own(H5Dcreate2(file_, name, type, space_of(rows), H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose,
               name);
}

}  // namespace titrate::shard::hdf5
