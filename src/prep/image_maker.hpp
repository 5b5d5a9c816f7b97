// From a planned row to its pixels. Private to this module.
#pragma once

#include <cstdint>
#include <optional>

#include "plan.hpp"

namespace titrate::prep {

// Reads, transforms and augments; remembers the last image it read, because its parts and children follow it.
// One for each thread.
class ImageMaker {
 public:
  ImageMaker(const Recipe& recipe, const Sources& sources) : recipe_(recipe), sources_(sources) {}

  // The image before it is augmented; good until the next call. Throws Error (integrity, io) when it cannot
  // be read.
  const image::Image& plain(const Planned& planned);

  // `plain` changed as planned.augment says, which is not 0. `sample` is the id of the child.
  image::Image child(const image::Image& plain, const Planned& planned, std::uint64_t sample) const;

 private:
  const Recipe& recipe_;
  const Sources& sources_;
  std::optional<Planned> last_{};
  image::Image read_{}, plain_{};
};

}  // namespace titrate::prep
