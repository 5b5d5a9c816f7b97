#include "titrate/train/safetensors.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::train {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kLengthBytes = 8;
constexpr const char* kChecksum = "checksum";

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error({.code = ErrorCode::integrity, .where = where, .what = what});
}

// 0 for a type of which we know no size.
std::size_t bytes_of(const std::string& type) {
  if (type == "F64" || type == "I64" || type == "U64") return 8;
  if (type == "F32" || type == "I32" || type == "U32") return 4;
  if (type == "F16" || type == "BF16" || type == "I16" || type == "U16") return 2;
  if (type == "I8" || type == "U8" || type == "BOOL") return 1;
  return 0;
}

std::size_t checked_count(const std::vector<std::int64_t>& shape, std::size_t most) {
  std::size_t count = 1;
  for (const std::int64_t side : shape) {
    if (side < 0 || (side > 0 && count > most / static_cast<std::size_t>(side)))
      throw std::invalid_argument("a shape that is too large");
    count *= static_cast<std::size_t>(side);
  }
  return count;
}

std::string checksum_of(const std::map<std::string, NamedArray>& arrays,
                        const std::map<std::string, std::string>& metadata) {
  Json parts = Json::array();
  for (const auto& [name, text] : metadata) {
    if (name != kChecksum) parts.push_back({name, text});
  }
  for (const auto& [name, array] : arrays)
    parts.push_back({name, array.type, array.shape, hex(xxh3(array.bytes))});
  return hex(xxh3(parts.dump()));
}

NamedArray read_array(const std::string& name, const Json& json, std::string_view data) {
  NamedArray array{.name = name, .type = json.at("dtype"), .shape = json.at("shape")};
  const std::size_t begin = json.at("data_offsets").at(0), end = json.at("data_offsets").at(1);
  if (begin > end || end > data.size()) throw std::invalid_argument(name + " lies outside of the file");
  const std::size_t size = bytes_of(array.type);
  if (size != 0 && checked_count(array.shape, data.size()) * size != end - begin)
    throw std::invalid_argument(name + " is not as long as its shape says");
  array.bytes = std::as_bytes(std::span(data.substr(begin, end - begin)));
  return array;
}

}  // namespace

std::string write_safetensors(const std::vector<NamedArray>& arrays,
                              const std::map<std::string, std::string>& metadata) {
  std::map<std::string, NamedArray> by_name;
  for (const NamedArray& array : arrays) by_name[array.name] = array;
  std::map<std::string, std::string> checked = metadata;
  checked[kChecksum] = checksum_of(by_name, metadata);
  Json header = Json::object();
  header["__metadata__"] = checked;
  std::size_t offset = 0;
  for (const NamedArray& array : arrays) {
    header[array.name] = {{"dtype", array.type},
                          {"shape", array.shape},
                          {"data_offsets", {offset, offset + array.bytes.size()}}};
    offset += array.bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string bytes(kLengthBytes, '\0');
  const std::uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, kLengthBytes);
  bytes += text;
  bytes.reserve(bytes.size() + offset);
  for (const NamedArray& array : arrays)
    bytes.append(reinterpret_cast<const char*>(array.bytes.data()), array.bytes.size());
  return bytes;
}

std::vector<float> SafeTensors::floats(const std::string& name, std::size_t count) const {
  const auto place = arrays.find(name);
  if (place == arrays.end()) refuse(where, "there is no array " + name);
  const NamedArray& array = place->second;
  if (array.type != "F32" || array.bytes.size() != count * sizeof(float))
    refuse(where, "array " + name + " is not " + std::to_string(count) + " numbers of type F32");
  std::vector<float> values(count);
  if (count > 0) std::memcpy(values.data(), array.bytes.data(), array.bytes.size());
  return values;
}

SafeTensors parse_safetensors(std::string_view bytes, const std::string& where) {
  std::uint64_t length = 0;
  if (bytes.size() < kLengthBytes) refuse(where, "no safetensors file: it is cut short");
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > bytes.size() - kLengthBytes) refuse(where, "no safetensors file: its header is cut short");
  SafeTensors file{.where = where};
  try {
    const Json header = Json::parse(bytes.substr(kLengthBytes, length));
    const std::string_view data = bytes.substr(kLengthBytes + length);
    for (const auto& [name, json] : header.items()) {
      if (name == "__metadata__") {
        file.metadata = json.get<std::map<std::string, std::string>>();
      } else {
        file.arrays[name] = read_array(name, json, data);
      }
    }
  } catch (const std::exception& error) {
    refuse(where, std::string("no safetensors file: ") + error.what());
  }
  const auto checksum = file.metadata.find(kChecksum);
  if (checksum != file.metadata.end() && checksum->second != checksum_of(file.arrays, file.metadata))
    refuse(where, "damaged: its checksum is that of other bytes");
  return file;
}

}  // namespace titrate::train
