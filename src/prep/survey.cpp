#include "survey.hpp"

#include <algorithm>

#include "image_maker.hpp"
#include "quarantine.hpp"
#include "titrate/core/hash.hpp"
#include "titrate/core/parallel.hpp"

namespace titrate::prep {
namespace {

constexpr std::size_t kBlock = 256;  // images per piece of work

}  // namespace

Survey survey_images(const Recipe& recipe, const Sources& sources, unsigned threads,
                     const std::function<void(std::size_t)>& advance) {
  const std::vector<Planned> images = list_images(recipe, sources);
  Survey survey{.content = std::vector<std::uint64_t>(images.size())};
  Quarantine quarantine(recipe, sources);
  parallel_for((images.size() + kBlock - 1) / kBlock, threads, [&](std::size_t block) {
    ImageMaker maker(recipe, sources);
    const std::size_t begin = block * kBlock, end = std::min(images.size(), begin + kBlock);
    for (std::size_t i = begin; i < end; ++i) {
      quarantine.unless_read(images[i], [&] {
        const image::Image& plain = maker.plain(images[i]);
        survey.content[i] = std::max<std::uint64_t>(1, xxh3(std::as_bytes(std::span(plain.pixels))));
      });
    }
    advance(end - begin);
  });
  survey.refused = quarantine.refused();
  return survey;
}

}  // namespace titrate::prep
