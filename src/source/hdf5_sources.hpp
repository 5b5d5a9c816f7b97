// The two kinds of source behind `hdf5`; private to this module.
#pragma once

#include <cstddef>
#include <memory>

#include "titrate/source/source.hpp"

namespace titrate::source {

inline constexpr std::size_t kKeptBytes = std::size_t{256} << 20;

std::unique_ptr<Source> open_foreign_hdf5(const SourceSettings& settings);
std::unique_ptr<Source> open_dataset(const SourceSettings& settings);

}  // namespace titrate::source
