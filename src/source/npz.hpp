// The arrays in a .npz file, which is a zip archive of .npy files; private to this module.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "npy.hpp"

struct zip;

namespace titrate::source {

class NpzFile {
 public:
  // Opens the archive and checks its table of contents. Throws Error (integrity): damaged, encrypted, packed
  // by another method than deflate, or with two members of one name.
  explicit NpzFile(const std::filesystem::path& path);
  NpzFile(NpzFile&&) = delete;
  ~NpzFile();

  const std::vector<std::string>& names() const { return names_; }    // without ".npy"
  const std::vector<std::string>& others() const { return others_; }  // members that are no arrays

  // What messages call an array: "data.npz: train_images".
  std::string where(const std::string& name) const;

  // Hands the header of an array, and what reads its elements, to `use`, which must read them all. What the
  // archive and the header claim was compared before, and with the size of the file; the checksum is compared
  // after. Throws Error (integrity).
  void read(const std::string& name,
            const std::function<void(const NpyHeader& header, const ByteReader& elements)>& use) const;

 private:
  struct Closer {
    void operator()(zip* archive) const;
  };

  std::filesystem::path path_;
  std::uint64_t file_bytes_ = 0;
  std::unique_ptr<zip, Closer> archive_;
  std::vector<std::string> names_, others_;
  std::vector<std::uint64_t> indices_;  // of names_
};

}  // namespace titrate::source
