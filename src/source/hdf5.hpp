// HDF5: anybody's file of images and labels, or a dataset that titrate packed.
//
// Anybody's file: images N x H x W or N x H x W x C (C is 1 or 3) of uint8, another integer that holds 0 to
// 255, or bool; labels N or N x 1 of integers or texts of fixed length. What is read and what is refused is
// in shard/foreign.hpp. Classes are those of the recipe, else those of the key `class_names`, else numbers.
// Items: path is the dataset's name ("train/images"), row its index. A shard of ours alone is refused: as
// anybody's file all its images would be real.
//
// A dataset folder (it has a manifest.json): every shard is read once and compared with the manifest when the
// source is opened, in the order of the dataset. Its images keep their split, family and origin:
// - each source of the dataset is one part;
// - an item's path is the source's name and where the image lay in it, "mnist/train-images-idx3-ubyte", and
//   its row the row there. Augmented copies share both with their parent, and the parts of an image with one
//   another, so theirs end in "#" and their own sample_id in hex;
// - what was done to an image, and the dataset's sidecars, stay with it;
// - an augmented image whose parent is not among the images is left out, and counted in the notes.
//
// Pixels are read block by block, or shard by shard, and the latest 256 MB are kept.
#pragma once

#include "titrate/source/source.hpp"

namespace titrate::source {

Kind hdf5_kind();

}  // namespace titrate::source
