// A first look at every image, where families or splits depend on what the images hold. Private to this
// module.
#pragma once

#include <functional>

#include "plan.hpp"

namespace titrate::prep {

// Makes every image once, on `threads` threads, and keeps its hash. `advance` is told of images done, from
// any thread.
Survey survey_images(const Recipe& recipe, const Sources& sources, unsigned threads,
                     const std::function<void(std::size_t)>& advance);

}  // namespace titrate::prep
