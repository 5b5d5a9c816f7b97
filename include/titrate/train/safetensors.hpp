// Named arrays in one file, as huggingface's safetensors has them: 8 bytes for the length of a JSON header,
// the header, the bytes. Python reads it with safetensors.torch.load_file, without running any code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace titrate::train {

struct NamedArray {
  std::string name{};
  std::string type{};  // "F32", "F64", "I64": little-endian
  std::vector<std::int64_t> shape{};
  std::span<const std::byte> bytes{};
};

// The whole file. `metadata` stands in its header as "__metadata__", with a "checksum" over itself and the
// arrays; the header is padded to 8 bytes with spaces. Arrays are kept in the order given. The same arguments
// give the same bytes.
std::string write_safetensors(const std::vector<NamedArray>& arrays,
                              const std::map<std::string, std::string>& metadata);

// What a file holds: views into its bytes, which must outlive them. Arrays that this program does not ask for
// may be of any type.
struct SafeTensors {
  std::map<std::string, NamedArray> arrays{};
  std::map<std::string, std::string> metadata{};

  // The array as floats. Throws Error (integrity) where there is none of that name, type F32 and count.
  std::vector<float> floats(const std::string& name, std::size_t count) const;

  std::string where{};  // for messages
};

// Throws Error (integrity) that names `where` for bytes that are no such file: a header that is cut short or
// no JSON, an array that lies outside of the file, or is not as long as its shape and type say, a "checksum"
// that is that of other bytes. Files of others have none.
SafeTensors parse_safetensors(std::string_view bytes, const std::string& where);

}  // namespace titrate::train
