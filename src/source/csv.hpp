// Comma-separated values (RFC 4180), plain or compressed by gzip, in one of two forms:
//
//   label,pixel0,pixel1,...          an image in each row: its label and H x W x C values from 0 to 255
//   path,label,split,generator       a picture file in each row (its path may also be called file, filename,
//                                    file_name, filepath, image_path, image), its label and, where they are
//                                    known, split (train, val, test), origin (real, synthetic) and generator
//
// The second is told by its header. In the first, whatever is wrong is an error of the whole file; in the
// second, a picture that cannot be read is refused alone, and so is one whose origin is "augmented".
#pragma once

#include "titrate/source/source.hpp"

namespace titrate::source {

Kind csv_kind();

}  // namespace titrate::source
