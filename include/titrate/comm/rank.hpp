// Lists by rank. A rank is an int, as MPI counts it; a list's index is not.
#pragma once

#include <cstddef>

namespace titrate::comm {

// What `list` has for `rank`.
template <class List>
decltype(auto) at(List&& list, int rank) {
  return list[static_cast<std::size_t>(rank)];
}

// How many ranks `list` has something for.
template <class List>
int ranks_in(const List& list) {
  return static_cast<int>(list.size());
}

}  // namespace titrate::comm
