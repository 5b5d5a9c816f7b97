#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string_view>
#include <vector>

#include "../../src/comm/tree.hpp"
#include "mpi_main.hpp"
#include "random_part.hpp"
#include "titrate/comm/mpi_exchange.hpp"

namespace titrate::comm {
namespace {

constexpr std::size_t kSizes[] = {0, 1, 2, 3, 5, 7, 1000, 21840, 1200000};

std::vector<std::vector<float>> random_parts(std::size_t count, int parts) {
  std::vector<std::vector<float>> all;
  for (int part = 0; part < parts; ++part) all.push_back(random_part(count, part));
  return all;
}

std::vector<float> serial_tree(const std::vector<std::vector<float>>& parts) {
  std::vector<float> sum(parts.front().size());
  tree_sum(std::vector<std::span<const float>>(parts.begin(), parts.end()), sum);
  return sum;
}

TEST(MpiExchange, SumsWholeNumbersExactly) {
  MpiExchange exchange(session().world());
  const int width = exchange.width();
  for (const std::size_t count : kSizes) {
    std::vector<float> data(count);
    for (std::size_t i = 0; i < count; ++i)
      data[i] = static_cast<float>((exchange.rank() + 1) * int(i % 1000));
    exchange.sum(data.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(data[i], static_cast<float>(width * (width + 1) / 2 * int(i % 1000))) << i << " of " << count;
    }
  }
}

TEST(MpiExchange, HasTheBitsOfTheSerialTree) {
  MpiExchange exchange(session().world());
  for (const std::size_t count : kSizes) {
    std::vector<float> data = random_part(count, exchange.rank());
    exchange.sum(data.data(), count);
    EXPECT_TRUE(same_bits(data, serial_tree(random_parts(count, exchange.width())))) << count;
  }
}

TEST(MpiExchange, GivesAllRanksTheSameBits) {
  MpiExchange exchange(session().world());
  for (const std::size_t count : kSizes) {
    std::vector<float> data = random_part(count, exchange.rank());
    exchange.sum(data.data(), count);
    std::vector<float> first = data;
    session().world().broadcast(std::as_writable_bytes(std::span(first)), 0);
    EXPECT_TRUE(same_bits(data, first)) << count;
  }
}

// The sum of one buffer must not depend on which of the test's orders is taken: a test that the test can
// fail.
TEST(MpiExchange, IsTestedWithNumbersWhoseOrderMatters) {
  const std::vector<std::vector<float>> parts = random_parts(1000, 4);
  std::vector<float> in_order = parts[0];
  for (int part = 1; part < 4; ++part) add(in_order, parts[static_cast<std::size_t>(part)]);
  EXPECT_FALSE(same_bits(in_order, serial_tree(parts)));
}

// A group of each width that the world has room for, of which a rank holds 8 / width parts of a batch.
TEST(MpiExchange, GivesTheSameBitsAtEveryWidth) {
  constexpr int kParts = 8;
  constexpr std::size_t kCount = 21840;
  const std::vector<float> expected = serial_tree(random_parts(kCount, kParts));
  const Communicator& world = session().world();
  for (int width = 1; width <= world.size() && width <= kParts; width *= 2) {
    MpiExchange exchange(world.split(world.rank() / width, world.rank()));
    if (exchange.width() != width) continue;  // the last ranks of a world that width does not divide
    const int share = kParts / width;
    std::vector<std::vector<float>> ours;
    for (int part = 0; part < share; ++part)
      ours.push_back(random_part(kCount, exchange.rank() * share + part));
    std::vector<float> gradient = serial_tree(ours);
    exchange.sum(gradient.data(), gradient.size());
    EXPECT_TRUE(same_bits(gradient, expected)) << "width " << width;
  }
}

TEST(MpiExchange, PassesOnWhatIsNotANumber) {
  MpiExchange exchange(session().world());
  std::vector<float> data(100, 1.0F);
  if (exchange.rank() == exchange.width() - 1) data[99] = std::nanf("");
  exchange.sum(data.data(), data.size());
  EXPECT_TRUE(std::isnan(data[99]));
  EXPECT_EQ(data[0], static_cast<float>(exchange.width()));
}

}  // namespace
}  // namespace titrate::comm
