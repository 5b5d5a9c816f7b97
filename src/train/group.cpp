#include "titrate/train/group.hpp"

#include "titrate/comm/agreement.hpp"

namespace titrate::train {

void together(const Group& group, const std::function<void()>& body) {
  if (group.size() == 1) {
    body();
    return;
  }
  group.exchange->settle();  // so that the body does not wait for sums
  comm::together(*group.communicator, body);
}

}  // namespace titrate::train
