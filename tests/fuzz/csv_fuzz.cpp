// libFuzzer: a CSV file of any bytes is read or refused with an Error; every image that is listed can be
// read. The first byte chooses the settings.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "../../src/source/csv.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/file.hpp"

namespace titrate::source {
namespace {

SourceSettings settings_of(unsigned choice, const std::filesystem::path& path) {
  constexpr const char* kHeaders[] = {"auto", "yes", "no", "auto"};
  SourceSettings settings{.kind = "csv",
                          .where = "fuzz",
                          .path = path,
                          .values = {{"header", std::string(kHeaders[choice & 3])},
                                     {"background", std::string("#000000")},
                                     {"most_pixels", std::int64_t{1} << 20}}};
  if ((choice & 4) != 0) settings.values["label"] = "1";
  if ((choice & 8) != 0) settings.values["height"] = std::int64_t{1};
  // No picture is there: what a table of paths names is refused.
  if ((choice & 64) != 0) settings.values["images"] = std::string("/nowhere");
  if ((choice & 16) != 0) settings.classes = {"a", "b", "0"};
  if ((choice & 32) != 0) settings.split = shard::Split::test;
  return settings;
}

void expect(bool holds) {
  if (!holds) std::abort();
}

void read_all(const Source& source) {
  const Listing& listing = source.listing();
  for (std::size_t i = 0; i < listing.items.size(); ++i) {
    const Item& item = listing.items[i];
    expect(item.label >= 0 && static_cast<std::size_t>(item.label) < listing.class_names.size());
    expect(item.part < listing.parts.size());
    expect(source.read(i).shape == item.shape);
  }
}

}  // namespace
}  // namespace titrate::source

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace titrate;
  if (size == 0) return 0;
  const FileDescriptor file(::memfd_create("csv", MFD_CLOEXEC));
  const std::filesystem::path path = "/proc/self/fd/" + std::to_string(file.get());
  write_all(file.get(), {reinterpret_cast<const char*>(data + 1), size - 1}, path);
  try {
    source::read_all(*source::csv_kind().open(source::settings_of(data[0], path)));
  } catch (const Error&) {
  }
  return 0;
}
