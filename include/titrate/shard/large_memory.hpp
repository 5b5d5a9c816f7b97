// Memory for many megabytes, in huge pages where the system gives some: the first touch of small pages costs
// as much as copying what goes into them.
#pragma once

#include <cstddef>
#include <vector>

namespace titrate::shard {

// A hint, for memory that was not touched yet; pages that are not wholly inside stay as they are.
void prefer_huge_pages(void* memory, std::size_t bytes);

// Makes room for so many values, none of which are kept.
template <class Value>
void reserve_large(std::vector<Value>& values, std::size_t size) {
  if (values.capacity() >= size) return;
  values.clear();
  values.reserve(size);
  prefer_huge_pages(values.data(), size * sizeof(Value));
}

}  // namespace titrate::shard
