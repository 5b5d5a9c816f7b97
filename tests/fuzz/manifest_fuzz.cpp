// libFuzzer: a text is a manifest that reads back as it was, or Error (integrity). Its checksum is mended
// first where it is JSON, so that what lies behind the checksum is reached too.
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/shard/manifest.hpp"

namespace {

constexpr const char* kChecksum = "sha256_of_the_rest";
constexpr int kDeepest = 32;  // deeper JSON would overflow the stack of this test

std::string mended(const std::string& text) {
  int deepest = 0;
  auto json = nlohmann::ordered_json::parse(
      text,
      [&](int depth, auto, const auto&) {
        deepest = std::max(deepest, depth);
        return true;
      },
      false);
  if (!json.is_object() || deepest > kDeepest) return text;
  json.erase(kChecksum);
  const std::string rest = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  json[kChecksum] = titrate::sha256_hex(std::as_bytes(std::span(rest)));
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

// One folder for all inputs.
const std::filesystem::path& folder() {
  static const std::filesystem::path path = [] {
    std::string name = (std::filesystem::temp_directory_path() / "titrate-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    return std::filesystem::path(name);
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace titrate;
  const std::string text = mended(std::string(reinterpret_cast<const char*>(data), size));
  const auto put = [](const std::string& bytes) {
    const std::filesystem::path path = folder() / shard::kManifestName;
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) std::abort();
    std::fclose(file);
  };
  put(text);
  try {
    const std::string again = shard::to_json(shard::read_manifest(folder()));
    put(again);
    if (shard::to_json(shard::read_manifest(folder())) != again) std::abort();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::integrity) std::abort();
  }
  return 0;
}
