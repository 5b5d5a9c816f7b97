// A folder of pictures, whose folders are their classes, as torchvision's ImageFolder takes it:
//
//   cat/1.png  cat/more/2.jpg  dog/1.png                     all of one split
//   train/cat/1.png  val/cat/1.png  test/dog/1.png           train, val or validation, test
//   0_043.png  1_007.png                                     with pattern = "{label}_{index}"
//
// The second layout is taken where all visible folders have such names and one is train or test. Classes and
// images are ordered by the bytes of their names, whatever order the file system has. Links are followed, but
// no folder is taken twice within a class.
#pragma once

#include "titrate/source/source.hpp"

namespace titrate::source {

Kind folder_kind();

}  // namespace titrate::source
