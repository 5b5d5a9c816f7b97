#include "titrate/image/image.hpp"

namespace titrate::image {

std::string to_string(const Shape& shape) {
  return std::to_string(shape.height) + " x " + std::to_string(shape.width) + " x " +
         std::to_string(shape.channels);
}

}  // namespace titrate::image
