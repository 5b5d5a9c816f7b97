#include "titrate/shard/writer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "hdf5.hpp"

namespace titrate::shard {
namespace {

using hdf5::Handle;
using hdf5::Library;

constexpr std::size_t kGrowth = 1 << 20;      // bytes by which the file in memory grows
constexpr std::size_t kEndOfFileOffset = 28;  // superblock versions 2 and 3: where the file's end stands
constexpr std::size_t kSuperblockVersionOffset = 8;

// The memory that HDF5's core driver works in. It is ours, so it is still there after H5Fclose.
struct FileImage {
  std::vector<std::byte> bytes;
};

void* image_malloc(size_t, H5FD_file_image_op_t, void*) { return nullptr; }  // only for opening an image
void* image_memcpy(void*, const void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
void* image_realloc(void*, size_t size, H5FD_file_image_op_t, void* data) {
  try {
    auto& bytes = static_cast<FileImage*>(data)->bytes;
    bytes.resize(size);
    return bytes.data();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
herr_t image_free(void*, H5FD_file_image_op_t, void*) { return 0; }
void* share_data(void* data) { return data; }
herr_t release_data(void*) { return 0; }

class Writer {
 public:
  Writer(const Library& library, std::size_t expected_bytes);

  template <class Value>
  void column(const char* name, hid_t file_type, hid_t memory_type, const std::vector<Value>& values) {
    dataset(name, file_type, memory_type, {values.size()}, values.data());
  }
  void dataset(const char* name, hid_t file_type, hid_t memory_type, const std::vector<hsize_t>& extent,
               const void* values);
  void strings(const char* name, const std::vector<std::string>& values);
  void attribute(const char* name, std::uint32_t value);
  void attribute(const char* name, const std::vector<std::string>& values, bool scalar);

  std::vector<std::byte> finish();

 private:
  Handle open_file();

  const Library& library_;
  FileImage image_;
  Handle file_;
};

Writer::Writer(const Library& library, std::size_t expected_bytes)
    : library_(library), file_((image_.bytes.reserve(expected_bytes), open_file())) {}

Handle Writer::open_file() {
  const Handle access = library_.own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot make a property list");
  library_.check(H5Pset_fapl_core(access, kGrowth, false), "cannot choose the core driver");
  // "latest" by name, so that a newer library writes the same bytes and an older one still reads them.
  library_.check(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "cannot choose the format");
  H5FD_file_image_callbacks_t callbacks{image_malloc, image_memcpy, image_realloc, image_free,
                                        share_data,   release_data, &image_};
  library_.check(H5Pset_file_image_callbacks(access, &callbacks), "cannot keep the file in memory");
  const Handle creation = library_.own(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "cannot make a property list");
  library_.check(H5Pset_obj_track_times(creation, false), "cannot leave out times");
  return library_.own(H5Fcreate("shard", H5F_ACC_TRUNC, creation, access), H5Fclose, "cannot begin a shard");
}

void Writer::dataset(const char* name, hid_t file_type, hid_t memory_type, const std::vector<hsize_t>& extent,
                     const void* values) {
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
  if (std::find(extent.begin(), extent.end(), hsize_t{0}) != extent.end()) return;
  library_.check(H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
}

// Fixed-length strings, one after another.
struct Packed {
  std::size_t size = 1;
  std::vector<char> bytes;
};

Packed pack(const std::vector<std::string>& values) {
  Packed packed;
  for (const std::string& value : values) packed.size = std::max(packed.size, value.size());
  packed.bytes.resize(packed.size * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::copy(values[i].begin(), values[i].end(),
              packed.bytes.begin() + static_cast<std::ptrdiff_t>(i * packed.size));
  }
  return packed;
}

void Writer::strings(const char* name, const std::vector<std::string>& values) {
  const Packed packed = pack(values);
  const Handle type = string_type(library_, packed.size);
  dataset(name, type, type, {values.size()}, packed.bytes.data());
}

void Writer::attribute(const char* name, std::uint32_t value) {
  const Handle space = library_.own(H5Screate(H5S_SCALAR), H5Sclose, "cannot make a dataspace");
  const Handle attribute =
      library_.own(H5Acreate2(file_, name, H5T_STD_U32LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, name);
  library_.check(H5Awrite(attribute, H5T_NATIVE_UINT32, &value), name);
}

void Writer::attribute(const char* name, const std::vector<std::string>& values, bool scalar) {
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
std::vector<std::byte> Writer::finish() {
  library_.check(file_.close(), "cannot finish a shard");
  std::vector<std::byte> bytes = std::move(image_.bytes);
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

void check_content(const ShardContent& content, const std::string& where) {
  const auto need = [&](bool good, const char* what) {
    if (!good) throw Error({.code = ErrorCode::internal, .where = where, .what = what});
  };
  need(content.images.size() == content.rows.size() * content.shape.bytes(),
       "the pixels do not fit the number of rows");
  need(content.shape.bytes() > 0 && !content.class_names.empty(), "a shard needs a shape and classes");
  for (const Row& row : content.rows) {
    need(row.label >= 0 && static_cast<std::size_t>(row.label) < content.class_names.size(),
         "a label is out of range");
    need(row.source < content.sources.size(), "a row's source is not in the list of sources");
    need(row.operations < content.operations.size(), "a row's operations are not in their list");
  }
}

template <class Value>
std::vector<Value> collect(const std::vector<Row>& rows, Value Row::*member) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(row.*member);
  return values;
}

void write_columns(Writer& writer, const Library& library, const ShardContent& content) {
  const std::vector<Row>& rows = content.rows;
  const auto words = [&](const char* name, std::uint64_t Row::*member) {
    writer.column(name, H5T_STD_U64LE, H5T_NATIVE_UINT64, collect(rows, member));
  };
  writer.dataset("images", H5T_STD_U8LE, H5T_NATIVE_UINT8,
                 {rows.size(), content.shape.height, content.shape.width, content.shape.channels},
                 content.images.data());
  writer.column("labels", H5T_STD_I32LE, H5T_NATIVE_INT32, collect(rows, &Row::label));
  const Handle origins = origin_type(library);
  writer.column("origin", origins, origins, collect(rows, &Row::origin));
  words("sample_id", &Row::sample_id);
  words("parent_id", &Row::parent_id);
  words("family_id", &Row::family_id);
  words("content_hash", &Row::content_hash);
  words("source_row", &Row::source_row);
  writer.column("source", H5T_STD_U32LE, H5T_NATIVE_UINT32, collect(rows, &Row::source));
  writer.column("operation", H5T_STD_U32LE, H5T_NATIVE_UINT32, collect(rows, &Row::operations));
  writer.strings("source_path", collect(rows, &Row::source_path));
}

std::size_t estimate_bytes(const ShardContent& content) {
  std::size_t path = 1;
  for (const Row& row : content.rows) path = std::max(path, row.source_path.size());
  return content.images.size() + content.rows.size() * (64 + path) + 4 * kGrowth;
}

}  // namespace

std::vector<std::byte> build_shard(const ShardContent& content) {
  const std::string where = shard_file_name(content.split, content.index, content.count);
  check_content(content, where);
  const Library library(ErrorCode::failed, where);
  Writer writer(library, estimate_bytes(content));
  writer.attribute("format", {std::string(kFormatName)}, true);
  writer.attribute("version", kFormatVersion);
  writer.attribute("dataset", {content.dataset}, true);
  writer.attribute("split", {std::string(name_of(content.split))}, true);
  writer.attribute("index", content.index);
  writer.attribute("count", content.count);
  writer.attribute("class_names", content.class_names, false);
  write_columns(writer, library, content);
  writer.strings("sources", content.sources);
  writer.strings("operations", content.operations);
  return writer.finish();
}

}  // namespace titrate::shard
