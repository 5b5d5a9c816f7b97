#include "titrate/shard/writer.hpp"

#include <algorithm>
#include <string_view>

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

// The column of a member, or of what its values become.
template <class Member, class Value = Member>
std::vector<Value> collect(const std::vector<Row>& rows, Member Row::*member) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.emplace_back(row.*member);
  return values;
}

void write_columns(MemoryFile& writer, const Library& library, const ShardContent& content) {
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
  writer.strings("source_path", collect<std::string, std::string_view>(rows, &Row::source_path));
}

std::size_t estimate_bytes(const ShardContent& content) {
  std::size_t path = 1;
  for (const Row& row : content.rows) path = std::max(path, row.source_path.size());
  return content.images.size() + content.rows.size() * (64 + path) + kHead;
}

}  // namespace

std::vector<std::byte> build_shard(const ShardContent& content) {
  const std::string where = shard_file_name(content.split, content.index, content.count);
  check_content(content, where);
  const Library library(ErrorCode::failed, where);
  MemoryFile writer(library, estimate_bytes(content));
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
