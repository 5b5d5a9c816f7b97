#include "titrate/source/source.hpp"

#include <array>
#include <system_error>

#include "cifar.hpp"
#include "csv.hpp"
#include "folder.hpp"
#include "glyphs.hpp"
#include "hdf5.hpp"
#include "idx.hpp"
#include "npy.hpp"
#include "titrate/core/choice.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/random.hpp"

namespace titrate::source {

std::span<const Kind> kinds() {
  static const std::array table{cifar_kind(), csv_kind(), folder_kind(), glyphs_kind(),
                                hdf5_kind(),  idx_kind(), npy_kind()};
  return table;
}

const Kind& find_kind(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const Kind& kind : kinds()) {
    if (kind.name == name) return kind;
    names.push_back(kind.name);
  }
  refuse_choice(name, names, where);
}

std::unique_ptr<Source> open_source(const SourceSettings& settings) {
  return find_kind(settings.kind, settings.where).open(settings);
}

std::uint64_t file_state(const std::filesystem::path& path) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  const auto time = std::filesystem::last_write_time(path, error).time_since_epoch().count();
  return hash_words(xxh3(path.filename().string()), size, static_cast<std::uint64_t>(time));
}

}  // namespace titrate::source
