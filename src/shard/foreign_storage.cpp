// What a dataset says of itself, examined.
#include "foreign_storage.hpp"

#include <algorithm>
#include <array>

#include "titrate/core/text.hpp"

namespace titrate::shard {
namespace {

using hdf5::Filter;
using hdf5::Handle;
using hdf5::Library;

constexpr int kMostDimensions = 8;
constexpr std::uint32_t kLongestText = 1 << 16;
// Elements may be that many times the file, and this much more: gzip shrinks images tenfold, not a
// thousandfold.
constexpr std::uint64_t kLargestExpansion = 64, kAlwaysAllowedBytes = 16 << 20;
constexpr std::uint64_t kBlockBytes = 1 << 20;  // where there are no chunks to go by

std::uint64_t most_bytes(const ForeignArray::Storage& storage) {
  return kLargestExpansion * storage.file_bytes + kAlwaysAllowedBytes;
}

std::string text_of(const std::vector<std::uint64_t>& extent) {
  std::string text;
  for (const std::uint64_t length : extent) text += (text.empty() ? "" : " x ") + std::to_string(length);
  return text;
}

// As h5py writes bool: the names FALSE and TRUE for 0 and 1.
bool is_boolean(const Library& library, hid_t type, const std::string& name) {
  if (H5Tget_size(type) != 1 || H5Tget_nmembers(type) != 2) return false;
  for (unsigned i = 0; i < 2; ++i) {
    char* const member = H5Tget_member_name(type, i);
    if (member == nullptr) library.fail(name + ": cannot read the type");
    const bool good = std::string(member) == (i == 0 ? "FALSE" : "TRUE");
    H5free_memory(member);
    std::uint8_t value = 0;
    library.check(H5Tget_member_value(type, i, &value), "cannot read the type");
    if (!good || value != i) return false;
  }
  return true;
}

void examine_extent(const Library& library, hid_t set, const std::string& name,
                    ForeignArray::Storage& storage) {
  const Handle space = library.own(H5Dget_space(set), H5Sclose, "cannot read an extent");
  const int rank = library.check(H5Sget_simple_extent_ndims(space), "cannot read an extent");
  if (H5Sget_simple_extent_type(space) != H5S_SIMPLE || rank < 1 || rank > kMostDimensions) {
    library.refuse(name + ": not an array of 1 to " + std::to_string(kMostDimensions) + " dimensions");
  }
  std::array<hsize_t, kMostDimensions> extent{};
  library.check(H5Sget_simple_extent_dims(space, extent.data(), nullptr), "cannot read an extent");
  storage.extent.assign(extent.begin(), extent.begin() + rank);
  const auto bytes = product(storage.extent, storage.type.bytes);
  if (!bytes || *bytes > most_bytes(storage)) {
    library.refuse(name + ": claims more than the file can plausibly hold",
                   "at most " + std::to_string(kLargestExpansion) + " times its " +
                       std::to_string(storage.file_bytes) + " bytes",
                   text_of(storage.extent) + " elements of " + std::to_string(storage.type.bytes) + " bytes");
  }
  storage.bytes = *bytes;
  storage.row_bytes = storage.extent[0] == 0 ? 0 : storage.bytes / storage.extent[0];
}

Filter examine_filter(const Library& library, hid_t creation, unsigned index, const std::string& name,
                      std::size_t& element_bytes) {
  std::array<unsigned, 8> values{};
  std::array<char, 64> title{};
  std::size_t count = values.size();
  unsigned flags = 0, config = 0;
  const H5Z_filter_t id = library.check(
      H5Pget_filter2(creation, index, &flags, &count, values.data(), title.size(), title.data(), &config),
      "cannot read a filter");
  if (id == H5Z_FILTER_DEFLATE) return Filter::gzip;
  if (id == H5Z_FILTER_FLETCHER32) return Filter::fletcher32;
  if (id == H5Z_FILTER_SHUFFLE) {
    if (count < 1 || values[0] < 1) library.refuse(name + ": shuffle does not say the size of an element");
    element_bytes = values[0];
    return Filter::shuffle;
  }
  const std::string known = id == H5Z_FILTER_SZIP ? "szip" : std::string(title.data());
  library.refuse(name + ": packed by a filter that is not read here",
                 "gzip, shuffle, fletcher32 (h5repack -f GZIP=4 repacks it)",
                 "filter " + std::to_string(id) + (known.empty() ? "" : ", " + printable(known)));
}

void examine_chunks(const Library& library, hid_t creation, const std::string& name,
                    ForeignArray::Storage& storage) {
  std::array<hsize_t, kMostDimensions + 1> extent{};
  const int rank =
      library.check(H5Pget_chunk(creation, static_cast<int>(extent.size()), extent.data()), "chunks");
  if (static_cast<std::size_t>(rank) != storage.extent.size()) {
    library.refuse(name + ": its chunks have another number of dimensions");
  }
  Chunking chunking;
  chunking.extent.assign(extent.begin(), extent.begin() + rank);
  const auto bytes = product(chunking.extent, storage.type.bytes);
  if (!bytes || *bytes == 0 || *bytes > most_bytes(storage)) {
    library.refuse(name + ": its chunks are empty or larger than the file can plausibly hold", "",
                   text_of(chunking.extent));
  }
  chunking.bytes = *bytes;
  unsigned options = 0;
  library.check(H5Pget_chunk_opts(creation, &options), "cannot read the chunks' options");
  if (options != 0) library.refuse(name + ": its partial chunks are not packed as the others");
  const int filters = library.check(H5Pget_nfilters(creation), "cannot read the filters");
  for (int i = 0; i < filters; ++i) {
    chunking.pipeline.filters.push_back(
        examine_filter(library, creation, static_cast<unsigned>(i), name, chunking.pipeline.element_bytes));
  }
  const std::vector<Filter>& found = chunking.pipeline.filters;
  for (const Filter filter : found) {
    if (std::count(found.begin(), found.end(), filter) > 1) library.refuse(name + ": a filter stands twice");
  }
  storage.block_rows = std::max<std::uint64_t>(1, std::min(chunking.extent[0], storage.extent[0]));
  storage.chunking = std::move(chunking);
}

// Elements in one piece, in the file or within the dataset's header.
void examine_piece(const Library& library, hid_t set, H5D_layout_t layout, const std::string& name,
                   ForeignArray::Storage& storage) {
  storage.block_rows =
      std::max<std::uint64_t>(1, kBlockBytes / std::max<std::uint64_t>(1, storage.row_bytes));
  if (storage.bytes == 0) return;
  const hsize_t stored = H5Dget_storage_size(set);
  if (stored == 0) library.refuse(name + ": was never written");
  if (stored != storage.bytes) {
    library.refuse(name + ": is stored in another length than its extent asks for",
                   std::to_string(storage.bytes) + " bytes", std::to_string(stored));
  }
  if (layout == H5D_COMPACT) {
    storage.compact.resize(storage.bytes);
    const Handle type = library.own(H5Dget_type(set), H5Tclose, "cannot read a type");
    library.check(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, storage.compact.data()),
                  "cannot read elements");
    return;
  }
  const haddr_t offset = H5Dget_offset(set);
  if (offset == HADDR_UNDEF) library.refuse(name + ": was never written");
  if (offset > storage.file_bytes || storage.bytes > storage.file_bytes - offset) {
    library.refuse(name + ": does not lie within the file",
                   "the end at most at byte " + std::to_string(storage.file_bytes),
                   std::to_string(storage.bytes) + " bytes at byte " + std::to_string(offset));
  }
  storage.offset = offset;
}

}  // namespace

std::optional<std::uint64_t> product(const std::vector<std::uint64_t>& extent, std::uint64_t element) {
  if (std::find(extent.begin(), extent.end(), 0u) != extent.end()) return 0;
  std::uint64_t result = element;
  for (const std::uint64_t length : extent) {
    if (__builtin_mul_overflow(result, length, &result)) return std::nullopt;
  }
  return result;
}

ElementType examine_type(const Library& library, hid_t type, const std::string& name) {
  const H5T_class_t kind = H5Tget_class(type);
  const std::size_t bytes = H5Tget_size(type);
  const auto number = [&](ElementKind element) -> ElementType {
    const bool whole = H5Tget_precision(type) == 8 * bytes && H5Tget_offset(type) == 0;
    const H5T_order_t order = H5Tget_order(type);
    const bool known = order == H5T_ORDER_LE || order == H5T_ORDER_BE;
    if (!whole || !known || (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)) {
      library.refuse(name + ": holds numbers of an unusual form", "1, 2, 4 or 8 whole bytes");
    }
    return {element, static_cast<std::uint32_t>(bytes), bytes > 1 && order == H5T_ORDER_BE};
  };
  if (kind == H5T_INTEGER) {
    return number(H5Tget_sign(type) == H5T_SGN_NONE ? ElementKind::unsigned_integer
                                                    : ElementKind::signed_integer);
  }
  if (kind == H5T_FLOAT) return number(ElementKind::floating);
  if (kind == H5T_ENUM && is_boolean(library, type, name)) return {ElementKind::boolean, 1, false};
  if (kind == H5T_STRING && H5Tis_variable_str(type) == 0) {
    if (bytes == 0 || bytes > kLongestText) library.refuse(name + ": holds texts of an unusual length");
    return {ElementKind::text, static_cast<std::uint32_t>(bytes), false};
  }
  if (kind == H5T_STRING || kind == H5T_VLEN) {
    library.refuse(name + ": holds values of variable length, which are not read here",
                   "numbers, or texts of a fixed length (numpy's dtype \"S20\")");
  }
  library.refuse(name + ": holds neither numbers nor texts");
}

void examine(const Library& library, hid_t set, const std::string& name, ForeignArray::Storage& storage) {
  const Handle creation = library.own(H5Dget_create_plist(set), H5Pclose, "cannot read how it is stored");
  // Before anything that might follow them.
  const H5D_layout_t layout = library.check(H5Pget_layout(creation), "cannot read how it is stored");
  if (layout == H5D_VIRTUAL) {
    library.refuse(name + ": a virtual dataset, whose elements lie in other files");
  }
  if (library.check(H5Pget_external_count(creation), "cannot read how it is stored") != 0) {
    library.refuse(name + ": its elements lie in other files");
  }
  const Handle type = library.own(H5Dget_type(set), H5Tclose, "cannot read a type");
  storage.type = examine_type(library, type, name);
  examine_extent(library, set, name, storage);
  if (layout == H5D_CHUNKED) {
    examine_chunks(library, creation, name, storage);
  } else if (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) {
    examine_piece(library, set, layout, name, storage);
  } else {
    library.refuse(name + ": stored in an unknown way");
  }
}

}  // namespace titrate::shard
