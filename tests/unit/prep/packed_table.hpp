// A dataset of known pixels, packed from a table of them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/temporary_folder.hpp"
#include "titrate/core/file.hpp"
#include "titrate/prep/pack.hpp"

namespace titrate::prep {

class PackedTable : public testing::Test {
 protected:
  // `text` as the csv source reads it, without a header; `keys` are more of the recipe's source. Packs into
  // dataset().
  shard::Manifest pack_table(const std::string& text, const std::string& keys = "",
                             const std::string& rest = "") const {
    write_file(root_.path() / "table.csv", text);
    write_file(root_.path() / "recipe.toml",
               rest +
                   "name = \"small\"\n[[source]]\nkind = \"csv\"\npath = \"table.csv\"\nheader = \"no\"\n" +
                   keys);
    return pack({.recipe = root_.path() / "recipe.toml",
                 .out = dataset(),
                 .data_root = root_.path(),
                 .force = true,
                 .quiet = true})
        .manifest;
  }

  std::filesystem::path dataset() const { return root_.path() / "dataset"; }

  TemporaryFolder root_;
};

}  // namespace titrate::prep
