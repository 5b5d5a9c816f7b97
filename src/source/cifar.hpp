// CIFAR-10 and CIFAR-100 in their binary version, plain or compressed by gzip.
//
// Format: https://www.cs.toronto.edu/~kriz/cifar.html. Records of one label byte (CIFAR-100: the coarse
// label, then the fine one) and 3,072 bytes: 32 x 32 of red, then of green, then of blue. CIFAR-10 is
// data_batch_1.bin to data_batch_5.bin and test_batch.bin, CIFAR-100 is train.bin and test.bin.
//
// Classes are those of the recipe, else those in batches.meta.txt, fine_label_names.txt or
// coarse_label_names.txt beside the images, else the known ones of CIFAR-10, numbers for CIFAR-100. Pixels
// are held in memory. Items: path is the name of the file without ".gz", row the record.
#pragma once

#include "titrate/source/source.hpp"

namespace titrate::source {

Kind cifar_kind();

}  // namespace titrate::source
