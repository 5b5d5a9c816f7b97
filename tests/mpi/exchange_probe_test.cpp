#include "titrate/comm/exchange_probe.hpp"

#include <gtest/gtest.h>

#include "mpi_main.hpp"
#include "titrate/comm/mpi_exchange.hpp"

namespace titrate::comm {
namespace {

TEST(ExchangeProbe, TimesASumThatIsRight) {
  MpiExchange exchange(session().world());
  const ExchangeProbe probe = probe_exchange(exchange);
  EXPECT_TRUE(probe.right);
  EXPECT_EQ(probe.bytes, std::size_t{4} << 20);
  EXPECT_GT(probe.seconds, 0);
  EXPECT_LT(probe.seconds, 60);
  EXPECT_LT(probe.latency_seconds, 60);
}

// Right but for the last element of long sums.
class DamagedExchange : public Exchange {
 public:
  explicit DamagedExchange(Exchange& exchange) : exchange_(exchange) {}
  void sum(float* data, std::size_t count) override {
    exchange_.sum(data, count);
    if (count > 1) data[count - 1] += 1;
  }
  int rank() const override { return exchange_.rank(); }
  int width() const override { return exchange_.width(); }
  std::string name() const override { return "damaged"; }

 private:
  Exchange& exchange_;
};

TEST(ExchangeProbe, SeesOneWrongElement) {
  MpiExchange right(session().world());
  DamagedExchange exchange(right);
  EXPECT_FALSE(probe_exchange(exchange).right);
}

}  // namespace
}  // namespace titrate::comm
