// libFuzzer: a .npz archive, or the images of a folder of .npy files, is a source whose every image can be
// read or not, or Error (integrity, usage). The first byte says which of them, and the settings.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>

#include "../../src/source/npy.hpp"
#include "fuzz/fuzz_file.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/core/error.hpp"
#include "unit/source/open_filled.hpp"

using namespace titrate;

namespace {

void open_and_read(const source::SourceSettings& settings) {
  try {
    const auto source = source::open_filled(settings);
    const source::Listing& listing = source->listing();
    for (std::size_t i = 0; i < listing.items.size() && i < 100; ++i) {
      const source::Item& item = listing.items[i];
      if (static_cast<std::size_t>(item.label) >= listing.class_names.size()) std::abort();
      try {
        const image::Image image = source->read(i);
        if (image.shape != item.shape || image.pixels.size() != item.shape.bytes()) std::abort();
      } catch (const Error& error) {
        if (error.code() != ErrorCode::integrity) std::abort();
      }
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::integrity && error.code() != ErrorCode::usage) std::abort();
  }
}

void put(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  source::SourceSettings settings{.kind = "npy", .where = "fuzz"};
  settings.values["channels_first"] = (data[0] & 2) != 0;
  if ((data[0] & 4) != 0) settings.values["scale"] = std::int64_t{255};
  if ((data[0] & 1) == 0) {
    const FuzzFile file(bytes.data(), bytes.size());
    settings.path = file.path();
    if ((data[0] & 8) != 0) settings.values["images"] = settings.values["labels"] = std::string("X");
    open_and_read(settings);
    return 0;
  }
  // Images, then labels, which begin at the second magic.
  static const TemporaryFolder folder;
  const std::uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  const auto second = std::search(bytes.begin() + 1, bytes.end(), std::begin(magic), std::end(magic));
  const auto cut = static_cast<std::size_t>(second - bytes.begin());
  put(folder.path() / "X.npy", bytes.first(cut));
  put(folder.path() / "y.npy", bytes.subspan(cut));
  settings.path = folder.path();
  open_and_read(settings);
  return 0;
}
