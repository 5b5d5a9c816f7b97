// One shard after another from a plan: the images of a shard are made on all threads, while the shard before
// it is written. Private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <vector>

#include "audit.hpp"
#include "image_maker.hpp"
#include "output_folder.hpp"
#include "plan.hpp"
#include "titrate/core/large_memory.hpp"
#include "titrate/core/progress.hpp"
#include "titrate/shard/format.hpp"

namespace titrate::prep {

// Counts images and shows them, from any thread.
class ImageCounter {
 public:
  explicit ImageCounter(bool quiet);
  void expect(std::size_t images) { total_ += images; }
  void advance(std::size_t images);

 private:
  Progress progress_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<std::size_t> done_{0}, total_{0};
};

struct PackedShards {
  shard::Manifest manifest{};       // with its shards
  std::vector<ShardFacts> facts{};  // by shard
  std::vector<source::Refusal> refused{};
};

class ShardPacker {
 public:
  ShardPacker(const Recipe& recipe, const Sources& sources, const PackPlan& plan, unsigned threads,
              OutputFolder& folder, ImageCounter& counter);

  // Makes what is not sealed yet. Throws Error.
  PackedShards run();

 private:
  void plan_shards();
  void keep_sealed(std::size_t index);
  void make(std::size_t index);
  void wait();

  // A shard's file, to be written.
  struct Filled {
    LargeBytes bytes{};
    std::size_t rows = 0;
    std::vector<source::Refusal> refused{};
  };

  shard::ShardContent describe(std::size_t index) const;
  Filled fill(std::size_t index);
  void make_image(ImageMaker& maker, const Planned& planned, shard::Row& row,
                  std::span<std::uint8_t> out) const;
  LargeBytes write(std::size_t index, Filled filled);

  struct Range {
    std::size_t begin, end;
    std::uint32_t index, count;
  };

  const Recipe& recipe_;
  const Sources& sources_;
  const PackPlan& plan_;
  unsigned threads_;
  OutputFolder& folder_;
  ImageCounter& counter_;
  PackedShards packed_;
  std::vector<Range> ranges_;  // of the rows of its split, by shard
  std::vector<std::vector<source::Refusal>> refused_;
  LargeBytes spare_;                 // of a shard that is written
  std::future<LargeBytes> writing_;  // the last member: it ends first
};

}  // namespace titrate::prep
