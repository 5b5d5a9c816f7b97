#include "titrate/shard/foreign.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "foreign_storage.hpp"
#include "titrate/core/text.hpp"

namespace titrate::shard {
namespace {

using hdf5::Handle;
using hdf5::Library;

constexpr std::size_t kMostDatasets = 1000, kMostTextBytes = 16 << 20;

Handle open_file(const Library& library, const std::filesystem::path& path) {
  const Handle access = library.own(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "cannot make a property list");
#if H5_VERSION_GE(1, 10, 7)
  // A file that is only read needs no lock, and some network file systems have none.
  library.check(H5Pset_file_locking(access, false, true), "cannot do without a lock");
#endif
  return library.own(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose,
                     "not an HDF5 file, or a damaged one");
}

bool exists(const Library& library, hid_t place, const std::string& name) {
  return library.check(H5Lexists(place, name.c_str(), H5P_DEFAULT), "cannot look up a name") > 0;
}

// Refuses a link that leads anywhere else than to an object of this file.
void check_link(const Library& library, hid_t place, const std::string& name) {
  H5L_info_t info{};
  library.check(H5Lget_info(place, name.c_str(), &info, H5P_DEFAULT), "cannot read a link");
  if (info.type == H5L_TYPE_HARD) return;
  const char* kind = info.type == H5L_TYPE_SOFT       ? "a soft link"
                     : info.type == H5L_TYPE_EXTERNAL ? "a link to another file"
                                                      : "a link of an unknown kind";
  library.refuse(printable(name) + ": " + kind + ", which is not followed");
}

// Opens what `name` ("train/images") leads to, group by group.
Handle open_object(const Library& library, hid_t file, const std::string& name) {
  const std::vector<std::string> parts = split(name, '/');
  Handle place = library.own(H5Oopen(file, "/", H5P_DEFAULT), H5Oclose, "cannot open the root");
  std::string so_far;
  for (const std::string& part : parts) {
    if (part.empty() || part == "." || part.find('\0') != std::string::npos) {
      library.refuse(printable(name) + ": not a name");
    }
    so_far += (so_far.empty() ? "" : "/") + part;
    if (H5Iget_type(place) != H5I_GROUP || !exists(library, place, part)) {
      library.refuse("there is no " + printable(so_far));
    }
    check_link(library, place, part);
    place = library.own(
        H5Oopen(place, part.c_str(), H5P_DEFAULT), H5Oclose,
        ("cannot open " + printable(so_far) + ", which is damaged or of a newer form than is read here")
            .c_str());
  }
  return place;
}

herr_t keep_name(hid_t, const char* name, const H5L_info_t* info, void* data) {
  auto& names = *static_cast<std::vector<std::string>*>(data);
  if (names.size() >= kMostDatasets) return 1;
  try {
    if (info->type == H5L_TYPE_HARD) names.emplace_back(name);
    return 0;
  } catch (const std::bad_alloc&) {
    return -1;
  }
}

// In the order of the file, sorted here: to sort them itself HDF5 1.10.8 makes a table first, and frees what
// it has not filled yet when the file turns out to be damaged.
std::vector<std::string> members(const Library& library, hid_t group) {
  std::vector<std::string> names;
  library.check(H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, keep_name, &names),
                "cannot list the file");
  std::sort(names.begin(), names.end());
  return names;
}

void add_datasets(const Library& library, hid_t group, const std::string& prefix, bool deeper,
                  std::vector<std::string>& found) {
  for (const std::string& name : members(library, group)) {
    if (found.size() >= kMostDatasets) return;
    const Handle object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose);
    // What cannot be opened is an error for who asks for it by name, not for all others.
    const H5I_type_t type = object < 0 ? H5I_DATASET : H5Iget_type(object);
    if (type == H5I_DATASET) found.push_back(prefix + name);
    if (type == H5I_GROUP && deeper) add_datasets(library, object, prefix + name + "/", false, found);
  }
}

}  // namespace

ForeignArray::Storage::~Storage() {
  const Library library(ErrorCode::integrity, "");
  set.reset();
  file.reset();
}

std::vector<std::byte> ForeignArray::Storage::read_span(std::uint64_t first, std::uint64_t count) const {
  if (count == 0) return {};
  if (!offset) {
    const auto begin = compact.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
  }
  std::vector<std::byte> out(count);
  plain_file->read(*offset + first, out);
  return out;
}

std::vector<std::byte> ForeignArray::Storage::read_chunk(const std::vector<std::uint64_t>& at,
                                                         const std::string& name) const {
  std::vector<std::byte> stored;
  std::uint32_t skipped = 0;
  {
    const Library library(ErrorCode::integrity, where);
    const std::vector<hsize_t> place(at.begin(), at.end());
    hsize_t size = 0;
    library.check(H5Dget_chunk_storage_size(*set, place.data(), &size), (name + ": cannot be found").c_str());
    if (size == 0) library.refuse(name + " was never written");
    if (size > file_bytes) {
      library.refuse(name + " is longer than the file", std::to_string(file_bytes) + " bytes",
                     std::to_string(size));
    }
    stored.resize(size);
    library.check(H5Dread_chunk(*set, H5P_DEFAULT, place.data(), &skipped, stored.data()),
                  (name + ": cannot be read").c_str());
  }
  return hdf5::unpack_chunk(std::move(stored), chunking->pipeline, skipped, chunking->bytes,
                            where + ": " + name);
}

namespace {

// Copies what of a chunk lies within the array to its place in the block of rows that it belongs to. `at` is
// the chunk's first element; dimension 0 counts from the block's first row.
void place_chunk(const std::vector<std::byte>& chunk, const std::vector<std::uint64_t>& chunk_extent,
                 const std::vector<std::uint64_t>& at, const std::vector<std::uint64_t>& block_extent,
                 std::uint64_t element, std::vector<std::byte>& block) {
  const std::size_t last = at.size() - 1;
  std::vector<std::uint64_t> valid(at.size()), place(at.size(), 0);
  for (std::size_t d = 0; d < at.size(); ++d) {
    valid[d] = std::min(chunk_extent[d], block_extent[d] - at[d]);
  }
  while (true) {
    std::uint64_t from = 0, to = 0;
    for (std::size_t d = 0; d < at.size(); ++d) {
      from = from * chunk_extent[d] + place[d];
      to = to * block_extent[d] + at[d] + place[d];
    }
    std::memcpy(block.data() + to * element, chunk.data() + from * element, valid[last] * element);
    std::size_t d = last;
    while (d > 0 && ++place[d - 1] == valid[d - 1]) place[--d] = 0;
    if (d == 0) return;
  }
}

}  // namespace

std::vector<std::byte> ForeignArray::Storage::read_chunks(std::uint64_t block, std::uint64_t rows) const {
  std::vector<std::byte> out(rows * row_bytes);
  if (out.empty()) return out;
  std::vector<std::uint64_t> block_extent = extent, at(extent.size(), 0);
  block_extent[0] = rows;
  while (true) {
    std::vector<std::uint64_t> in_file = at;
    in_file[0] = block * block_rows;
    std::string name = "the chunk at";
    for (const std::uint64_t index : in_file) name += " " + std::to_string(index);
    place_chunk(read_chunk(in_file, name), chunking->extent, at, block_extent, type.bytes, out);
    std::size_t d = at.size();
    while (d > 1 && (at[d - 1] += chunking->extent[d - 1]) >= extent[d - 1]) at[--d] = 0;
    if (d <= 1) return out;
  }
}

const ElementType& ForeignArray::type() const { return storage_->type; }
const std::vector<std::uint64_t>& ForeignArray::extent() const { return storage_->extent; }
std::uint64_t ForeignArray::row_bytes() const { return storage_->row_bytes; }
std::uint64_t ForeignArray::block_rows() const { return storage_->block_rows; }

std::vector<std::byte> ForeignArray::read_block(std::uint64_t block) const {
  const std::uint64_t first = block * storage_->block_rows;
  const std::uint64_t count = std::min(storage_->block_rows, rows() - first);
  if (storage_->chunking) return storage_->read_chunks(block, count);
  return storage_->read_span(first * storage_->row_bytes, count * storage_->row_bytes);
}

std::vector<std::byte> ForeignArray::read_all() const {
  std::vector<std::byte> all;
  all.reserve(storage_->bytes);
  for (std::uint64_t block = 0; block * block_rows() < rows(); ++block) {
    const std::vector<std::byte> bytes = read_block(block);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

ForeignFile::ForeignFile(const std::filesystem::path& path) : path_(path), bytes_(ByteFile(path).bytes()) {
  const Library library(ErrorCode::integrity, path.string());
  open_file(library, path);
}

std::vector<std::string> ForeignFile::datasets() const {
  const Library library(ErrorCode::integrity, path_.string());
  const Handle file = open_file(library, path_);
  const Handle root = library.own(H5Oopen(file, "/", H5P_DEFAULT), H5Oclose, "cannot open the root");
  std::vector<std::string> found;
  add_datasets(library, root, "", true, found);
  return found;
}

ForeignArray ForeignFile::array(const std::string& name) const {
  const Library library(ErrorCode::integrity, path_.string());
  const auto storage = std::make_shared<ForeignArray::Storage>();
  storage->where = path_.string() + ": " + printable(name);
  storage->file_bytes = bytes_;
  storage->file.emplace(open_file(library, path_));
  storage->set.emplace(open_object(library, *storage->file, name));
  if (H5Iget_type(*storage->set) != H5I_DATASET) library.refuse(printable(name) + ": not a dataset");
  examine(library, *storage->set, printable(name), *storage);
  if (storage->offset) storage->plain_file.emplace(path_);
  return ForeignArray(storage);
}

bool ForeignFile::has_dataset(const std::string& name) const {
  const Library library(ErrorCode::integrity, path_.string());
  return exists(library, open_file(library, path_), name);
}

std::vector<std::string> ForeignFile::texts(const std::string& name) const {
  const Library library(ErrorCode::integrity, path_.string());
  const Handle file = open_file(library, path_);
  if (exists(library, file, name)) {
    const ForeignArray found = array(name);
    if (found.type().kind != ElementKind::text || found.extent().size() != 1) {
      library.refuse(printable(name) + ": not a list of texts", "", to_string(found.type()));
    }
    return split_texts(found.read_all(), found.type().bytes);
  }
  const Handle attribute =
      library.own(H5Aopen(file, name.c_str(), H5P_DEFAULT), H5Aclose, "cannot open an attribute");
  const Handle type = library.own(H5Aget_type(attribute), H5Tclose, "cannot read a type");
  const ElementType element = examine_type(library, type, printable(name));
  const Handle space = library.own(H5Aget_space(attribute), H5Sclose, "cannot read an extent");
  const hssize_t count = library.check(H5Sget_simple_extent_npoints(space), "cannot read an extent");
  if (element.kind != ElementKind::text) {
    library.refuse(printable(name) + ": not a list of texts", "", to_string(element));
  }
  if (static_cast<std::uint64_t>(count) > std::min<std::uint64_t>(kMostTextBytes, bytes_) / element.bytes) {
    library.refuse(printable(name) + ": claims more texts than the file can hold");
  }
  std::vector<std::byte> packed(static_cast<std::size_t>(count) * element.bytes);
  if (!packed.empty()) library.check(H5Aread(attribute, type, packed.data()), "cannot read an attribute");
  return split_texts(packed, element.bytes);
}

std::vector<std::string> split_texts(const std::vector<std::byte>& bytes, std::size_t size) {
  std::vector<std::string> texts(bytes.size() / size);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const char* begin = reinterpret_cast<const char*>(bytes.data()) + i * size;
    texts[i].assign(begin, std::find(begin, begin + size, '\0'));
  }
  return texts;
}

}  // namespace titrate::shard
