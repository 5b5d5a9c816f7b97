#include "titrate/shard/writer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "hdf5.hpp"
#include "memory_file.hpp"

namespace titrate::shard {
namespace {

using hdf5::Handle;
using hdf5::Library;
using hdf5::MemoryFile;

constexpr std::size_t kHead = 4 << 20;  // bytes for what is neither pixels nor rows

void check_content(const ShardContent& content, const std::string& where) {
  const auto need = [&](bool good, const char* what) {
    if (!good) throw Error({.code = ErrorCode::internal, .where = where, .what = what});
  };
  need(content.shape.bytes() > 0 && !content.class_names.empty(), "a shard needs a shape and classes");
  for (const Row& row : content.rows) {
    need(row.label >= 0 && static_cast<std::size_t>(row.label) < content.class_names.size(),
         "a label is out of range");
    need(row.source < content.sources.size(), "a row's source is not in the list of sources");
    need(row.operations < content.operations.size(), "a row's operations are not in their list");
  }
}

// The column of a member, or of what its values become.
template <class Member, class Value = Member>
std::vector<Value> collect(const std::vector<Row>& rows, Member Row::*member) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.emplace_back(row.*member);
  return values;
}

// Where in the file they are.
struct Places {
  std::size_t pixels = 0, content_hashes = 0, family_ids = 0;
};

Places write_columns(MemoryFile& writer, const Library& library, const ShardContent& content,
                     const std::uint8_t* images) {
  const std::vector<Row>& rows = content.rows;
  const auto words = [&](const char* name, std::uint64_t Row::*member) {
    return writer.column(name, H5T_STD_U64LE, H5T_NATIVE_UINT64, collect(rows, member));
  };
  Places places;
  places.pixels = writer.dataset(
      "images", H5T_STD_U8LE, H5T_NATIVE_UINT8,
      {rows.size(), content.shape.height, content.shape.width, content.shape.channels}, images);
  writer.column("labels", H5T_STD_I32LE, H5T_NATIVE_INT32, collect(rows, &Row::label));
  const Handle origins = origin_type(library);
  writer.column("origin", origins, origins, collect(rows, &Row::origin));
  words("sample_id", &Row::sample_id);
  words("parent_id", &Row::parent_id);
  places.family_ids = words("family_id", &Row::family_id);
  places.content_hashes = words("content_hash", &Row::content_hash);
  words("source_row", &Row::source_row);
  writer.column("source", H5T_STD_U32LE, H5T_NATIVE_UINT32, collect(rows, &Row::source));
  writer.column("operation", H5T_STD_U32LE, H5T_NATIVE_UINT32, collect(rows, &Row::operations));
  writer.strings("source_path", collect<std::string, std::string_view>(rows, &Row::source_path));
  return places;
}

std::size_t estimate_bytes(const ShardContent& content) {
  std::size_t path = 1;
  for (const Row& row : content.rows) path = std::max(path, row.source_path.size());
  return content.rows.size() * (content.shape.bytes() + 64 + path) + kHead;
}

std::pair<LargeBytes, Places> build(const ShardContent& content, const std::uint8_t* images,
                                    LargeBytes memory) {
  const std::string where = shard_file_name(content.split, content.index, content.count);
  check_content(content, where);
  const Library library(ErrorCode::failed, where);
  MemoryFile writer(library, estimate_bytes(content), std::move(memory));
  writer.attribute("format", {std::string(kFormatName)}, true);
  writer.attribute("version", kFormatVersion);
  writer.attribute("dataset", {content.dataset}, true);
  writer.attribute("split", {std::string(name_of(content.split))}, true);
  writer.attribute("index", content.index);
  writer.attribute("count", content.count);
  writer.attribute("class_names", content.class_names, false);
  const Places places = write_columns(writer, library, content, images);
  writer.strings("sources", content.sources);
  writer.strings("operations", content.operations);
  return {writer.take(), places};
}

// As HDF5 stores 64-bit words here.
void put_words(std::span<std::byte> out, std::span<const Row> rows, std::uint64_t Row::*member) {
  static_assert(std::endian::native == std::endian::little);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(&out[i * sizeof(std::uint64_t)], &(rows[i].*member), sizeof(std::uint64_t));
}

}  // namespace

std::vector<std::byte> build_shard(const ShardContent& content) {
  if (content.images.size() != content.rows.size() * content.shape.bytes()) {
    throw Error({.code = ErrorCode::internal,
                 .where = shard_file_name(content.split, content.index, content.count),
                 .what = "the pixels do not fit the number of rows"});
  }
  const LargeBytes bytes = build(content, content.images.data(), {}).first;
  return {bytes.begin(), bytes.end()};
}

ShardDraft::ShardDraft(const ShardContent& content, LargeBytes memory)
    : size_(content.rows.size() * content.shape.bytes()) {
  Places places;
  std::tie(bytes_, places) = build(content, nullptr, std::move(memory));
  pixels_ = places.pixels;
  content_hashes_ = places.content_hashes;
  family_ids_ = places.family_ids;
}

std::span<std::uint8_t> ShardDraft::pixels() {
  return {reinterpret_cast<std::uint8_t*>(bytes_.data() + pixels_), size_};
}

LargeBytes ShardDraft::finish(std::span<const Row> rows) {
  put_words(std::span(bytes_).subspan(content_hashes_), rows, &Row::content_hash);
  put_words(std::span(bytes_).subspan(family_ids_), rows, &Row::family_id);
  return std::move(bytes_);
}

}  // namespace titrate::shard
