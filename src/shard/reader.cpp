#include "titrate/shard/reader.hpp"

#include <algorithm>
#include <optional>
#include <system_error>

#include "hdf5.hpp"
#include "titrate/core/byte_file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/large_memory.hpp"

namespace titrate::shard {
namespace {

using hdf5::Handle;
using hdf5::Library;

constexpr std::size_t kLongestString = 1 << 20;

// HDF5's core driver reads the bytes where they are: "allocating" gives the very same memory.
struct Borrowed {
  void* bytes;
};

void* borrow_malloc(size_t, H5FD_file_image_op_t, void* data) { return static_cast<Borrowed*>(data)->bytes; }
void* borrow_memcpy(void* target, const void*, size_t, H5FD_file_image_op_t, void*) { return target; }
void* borrow_realloc(void*, size_t, H5FD_file_image_op_t, void*) { return nullptr; }
herr_t borrow_free(void*, H5FD_file_image_op_t, void*) { return 0; }
void* share_data(void* data) { return data; }
herr_t release_data(void*) { return 0; }

Handle open_image(const Library& library, Borrowed& borrowed, std::size_t size) {
  const Handle access = library.own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot make a property list");
  library.check(H5Pset_fapl_core(access, 1 << 16, false), "cannot choose the core driver");
  H5FD_file_image_callbacks_t callbacks{borrow_malloc, borrow_memcpy, borrow_realloc, borrow_free,
                                        share_data,    release_data,  &borrowed};
  library.check(H5Pset_file_image_callbacks(access, &callbacks), "cannot read from memory");
  library.check(H5Pset_file_image(access, borrowed.bytes, size), "cannot read from memory");
  return library.own(H5Fopen("shard", H5F_ACC_RDONLY, access), H5Fclose, "not an HDF5 file");
}

std::string text_of(const std::vector<hsize_t>& extent) {
  std::string text;
  for (const hsize_t length : extent) text += (text.empty() ? "" : " x ") + std::to_string(length);
  return text.empty() ? "a single value" : text;
}

std::vector<hsize_t> extent_of(const Library& library, hid_t space, const std::string& name) {
  const std::string what = "cannot read the extent of " + name;
  const int rank = library.check(H5Sget_simple_extent_ndims(space), what.c_str());
  std::vector<hsize_t> extent(static_cast<std::size_t>(rank));
  library.check(H5Sget_simple_extent_dims(space, extent.data(), nullptr), what.c_str());
  return extent;
}

class Reader {
 public:
  Reader(const Library& library, std::span<std::byte> bytes)
      : library_(library),
        borrowed_{bytes.data()},
        bytes_(bytes),
        file_(open_image(library, borrowed_, bytes.size())) {}

  // The dataset `name`, which must have this type and extent.
  Handle dataset(const char* name, hid_t type, const std::vector<hsize_t>& extent) const;

  template <class Value>
  void column(const char* name, hid_t file_type, hid_t memory_type, Value Row::*member,
              std::vector<Row>& rows) const;
  std::vector<std::string> strings(const char* name, std::optional<std::size_t> rows) const;
  std::uint32_t number(const char* name) const;
  std::vector<std::string> texts(const char* name) const;
  std::string text(const char* name) const;
  std::span<const std::uint8_t> pixels(const std::vector<hsize_t>& extent) const;

 private:
  Handle open(const char* name) const {
    return library_.own(H5Dopen2(file_, name, H5P_DEFAULT), H5Dclose,
                        (std::string("dataset ") + name + " is missing").c_str());
  }
  Handle open_attribute(const char* name) const {
    return library_.own(H5Aopen(file_, name, H5P_DEFAULT), H5Aclose,
                        (std::string("attribute ") + name + " is missing").c_str());
  }
  std::size_t string_size(hid_t type, const std::string& name) const;
  std::vector<std::string> unpack(const std::vector<char>& packed, std::size_t size) const;

  const Library& library_;
  Borrowed borrowed_;
  std::span<std::byte> bytes_;
  Handle file_;
};

Handle Reader::dataset(const char* name, hid_t type, const std::vector<hsize_t>& extent) const {
  Handle set = open(name);
  const Handle found_type = library_.own(H5Dget_type(set), H5Tclose, name);
  if (library_.check(H5Tequal(found_type, type), name) == 0) {
    library_.refuse(std::string("dataset ") + name + " has another type than it should");
  }
  const Handle space = library_.own(H5Dget_space(set), H5Sclose, name);
  const std::vector<hsize_t> found = extent_of(library_, space, name);
  if (found != extent) {
    library_.refuse(std::string("dataset ") + name + " has another extent than it should", text_of(extent),
                    text_of(found));
  }
  return set;
}

template <class Value>
void Reader::column(const char* name, hid_t file_type, hid_t memory_type, Value Row::*member,
                    std::vector<Row>& rows) const {
  const Handle set = dataset(name, file_type, {rows.size()});
  if (rows.empty()) return;
  std::vector<Value> values(rows.size());
  library_.check(H5Dread(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), name);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].*member = values[i];
}

std::size_t Reader::string_size(hid_t type, const std::string& name) const {
  const bool fixed = H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0;
  const std::size_t size = fixed ? H5Tget_size(type) : 0;
  if (size == 0 || size > kLongestString) library_.refuse(name + " holds no strings of fixed length");
  return size;
}

std::vector<std::string> Reader::unpack(const std::vector<char>& packed, std::size_t size) const {
  std::vector<std::string> values(packed.size() / size);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const char* begin = packed.data() + i * size;
    values[i].assign(begin, std::find(begin, begin + size, '\0'));
  }
  return values;
}

std::vector<std::string> Reader::strings(const char* name, std::optional<std::size_t> rows) const {
  const Handle set = open(name);
  const Handle type = library_.own(H5Dget_type(set), H5Tclose, name);
  const Handle space = library_.own(H5Dget_space(set), H5Sclose, name);
  const std::vector<hsize_t> extent = extent_of(library_, space, name);
  if (extent.size() != 1 || (rows && extent[0] != *rows)) {
    library_.refuse(std::string("dataset ") + name + " has another extent than it should",
                    rows ? std::to_string(*rows) : "a list", text_of(extent));
  }
  const std::size_t size = string_size(type, name);
  if (extent[0] > bytes_.size() / size) library_.refuse(std::string(name) + " is longer than the file");
  std::vector<char> packed(static_cast<std::size_t>(extent[0]) * size);
  if (packed.empty()) return {};
  const Handle memory = string_type(library_, size);
  library_.check(H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, packed.data()), name);
  return unpack(packed, size);
}

std::uint32_t Reader::number(const char* name) const {
  const Handle attribute = open_attribute(name);
  const Handle space = library_.own(H5Aget_space(attribute), H5Sclose, name);
  if (!extent_of(library_, space, name).empty()) library_.refuse(std::string(name) + " is not one number");
  std::uint32_t value = 0;
  library_.check(H5Aread(attribute, H5T_NATIVE_UINT32, &value), name);
  return value;
}

std::vector<std::string> Reader::texts(const char* name) const {
  const Handle attribute = open_attribute(name);
  const Handle type = library_.own(H5Aget_type(attribute), H5Tclose, name);
  const Handle space = library_.own(H5Aget_space(attribute), H5Sclose, name);
  const hssize_t count = library_.check(H5Sget_simple_extent_npoints(space), name);
  const std::size_t size = string_size(type, name);
  std::vector<char> packed(static_cast<std::size_t>(count) * size);
  const Handle memory = string_type(library_, size);
  library_.check(H5Aread(attribute, memory, packed.data()), name);
  return unpack(packed, size);
}

std::string Reader::text(const char* name) const {
  const std::vector<std::string> values = texts(name);
  if (values.size() != 1) library_.refuse(std::string(name) + " is not one string");
  return values[0];
}

std::span<const std::uint8_t> Reader::pixels(const std::vector<hsize_t>& extent) const {
  const Handle set = dataset("images", H5T_STD_U8LE, extent);
  std::size_t size = 1;
  for (const hsize_t length : extent) size *= static_cast<std::size_t>(length);
  if (size == 0) return {};  // an empty dataset has no place in the file
  const Handle creation = library_.own(H5Dget_create_plist(set), H5Pclose, "images");
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS) library_.refuse("dataset images is not contiguous");
  const haddr_t offset = H5Dget_offset(set);
  if (offset == HADDR_UNDEF || offset > bytes_.size() || size > bytes_.size() - offset) {
    library_.refuse("the pixels do not lie within the file");
  }
  return {reinterpret_cast<const std::uint8_t*>(bytes_.data() + offset), size};
}

void read_columns(const Reader& reader, const Library& library, std::vector<Row>& rows) {
  const auto words = [&](const char* name, std::uint64_t Row::*member) {
    reader.column(name, H5T_STD_U64LE, H5T_NATIVE_UINT64, member, rows);
  };
  reader.column("labels", H5T_STD_I32LE, H5T_NATIVE_INT32, &Row::label, rows);
  const Handle origins = origin_type(library);
  reader.column("origin", origins, origins, &Row::origin, rows);
  words("sample_id", &Row::sample_id);
  words("parent_id", &Row::parent_id);
  words("family_id", &Row::family_id);
  words("content_hash", &Row::content_hash);
  words("source_row", &Row::source_row);
  reader.column("source", H5T_STD_U32LE, H5T_NATIVE_UINT32, &Row::source, rows);
  reader.column("operation", H5T_STD_U32LE, H5T_NATIVE_UINT32, &Row::operations, rows);
  std::vector<std::string> paths = reader.strings("source_path", rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].source_path = std::move(paths[i]);
}

void check_rows(const Library& library, const ShardContent& content) {
  for (std::size_t i = 0; i < content.rows.size(); ++i) {
    const Row& row = content.rows[i];
    const auto need = [&](bool good, const char* what) {
      if (!good) library.refuse("row " + std::to_string(i) + ": " + what);
    };
    need(row.label >= 0 && static_cast<std::size_t>(row.label) < content.class_names.size(),
         "the label is out of range");
    need(static_cast<std::size_t>(row.origin) < kOriginNames.size(), "the origin is unknown");
    need(row.source < content.sources.size(), "the source is not in the list of sources");
    need(row.operations < content.operations.size(), "the operations are not in their list");
  }
}

// Where `file` stands among the manifest's shards of its split.
struct Place {
  std::uint32_t index = 0;
  std::uint32_t count = 0;
};

Place place_of(const Manifest& manifest, const ShardFile& file) {
  Place place;
  for (const ShardFile& other : manifest.shards) {
    if (other.split != file.split) continue;
    if (other.name == file.name) place.index = place.count;
    ++place.count;
  }
  return place;
}

void check_place(const Library& library, const ShardContent& content, const Manifest& manifest,
                 const ShardFile& file) {
  const Place place = place_of(manifest, file);
  const auto need = [&](const char* what, const std::string& expected, const std::string& got) {
    if (expected != got) library.refuse(std::string("the shard is of another ") + what, expected, got);
  };
  need("dataset", manifest.name, content.dataset);
  need("split", std::string(name_of(file.split)), std::string(name_of(content.split)));
  need("place", std::to_string(place.index) + " of " + std::to_string(place.count),
       std::to_string(content.index) + " of " + std::to_string(content.count));
  if (content.class_names != manifest.class_names) library.refuse("the shard has other classes");
  if (content.sources.size() != manifest.sources.size()) library.refuse("the shard has other sources");
}

void read_head(const Reader& reader, const Library& library, ShardContent& content) {
  if (reader.text("format") != kFormatName || reader.number("version") != kFormatVersion) {
    library.refuse("not a shard of this version",
                   std::string(kFormatName) + " " + std::to_string(kFormatVersion),
                   reader.text("format") + " " + std::to_string(reader.number("version")));
  }
  content.dataset = reader.text("dataset");
  const std::string split = reader.text("split");
  const auto found = std::find(kSplitNames.begin(), kSplitNames.end(), split);
  if (found == kSplitNames.end()) library.refuse("unknown split", "", split);
  content.split = static_cast<Split>(found - kSplitNames.begin());
  content.index = reader.number("index");
  content.count = reader.number("count");
  content.class_names = reader.texts("class_names");
  content.sources = reader.strings("sources", {});
  content.operations = reader.strings("operations", {});
}

std::vector<std::byte> read_checked(const std::filesystem::path& path, const ShardFile& file) {
  const auto refuse = [&](const char* what, const std::string& expected, const std::string& got) {
    throw Error({.code = ErrorCode::integrity,
                 .where = path.string(),
                 .what = what,
                 .expected = expected,
                 .got = got});
  };
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) refuse("the shard is missing", "", "");
  const ByteFile opened(path);
  if (opened.bytes() != file.bytes) {
    refuse("the shard has another size than the manifest says", std::to_string(file.bytes) + " bytes",
           std::to_string(opened.bytes()));
  }
  std::vector<std::byte> bytes;
  reserve_large(bytes, opened.bytes());
  bytes.resize(opened.bytes());
  opened.read(0, bytes);
  if (const std::string sha256 = sha256_hex(bytes); sha256 != file.sha256) {
    refuse("the shard is not the one in the manifest", "SHA-256 " + file.sha256, sha256);
  }
  return bytes;
}

}  // namespace

Shard::Shard(const std::filesystem::path& folder, const Manifest& manifest, const ShardFile& file)
    : bytes_(read_checked(folder / file.name, file)) {
  parse(bytes_, (folder / file.name).string(), manifest, file);
}

Shard::Shard(std::span<std::byte> bytes, const std::filesystem::path& folder, const Manifest& manifest,
             const ShardFile& file) {
  parse(bytes, (folder / file.name).string(), manifest, file);
}

void Shard::parse(std::span<std::byte> bytes, const std::string& where, const Manifest& manifest,
                  const ShardFile& file) {
  const Library library(ErrorCode::integrity, where);
  if (file.rows > bytes.size()) library.refuse("the manifest counts more rows than the file has bytes");
  const Reader reader(library, bytes);
  read_head(reader, library, content_);
  check_place(library, content_, manifest, file);
  content_.shape = manifest.shape;
  pixels_ = reader.pixels({file.rows, manifest.shape.height, manifest.shape.width, manifest.shape.channels});
  content_.rows.resize(file.rows);
  read_columns(reader, library, content_.rows);
  check_rows(library, content_);
}

}  // namespace titrate::shard
