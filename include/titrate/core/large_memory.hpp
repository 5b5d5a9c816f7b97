// Memory for many megabytes, in huge pages where the system gives some: the first touch of small pages costs
// as much as copying what goes into them.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace titrate {

// A hint, for memory that was not touched yet; pages that are not wholly inside stay as they are.
void prefer_huge_pages(void* memory, std::size_t bytes);

// New elements are left as the memory is.
template <class Value>
struct Uncleared : std::allocator<Value> {
  template <class Other>
  struct rebind {
    using other = Uncleared<Other>;
  };
  template <class Other>
  void construct(Other* place) {
    ::new (static_cast<void*>(place)) Other;
  }
  template <class Other, class... Arguments>
  void construct(Other* place, Arguments&&... arguments) {
    ::new (static_cast<void*>(place)) Other(std::forward<Arguments>(arguments)...);
  }
};

using LargeBytes = std::vector<std::byte, Uncleared<std::byte>>;

// Makes room for so many values, none of which are kept.
template <class Vector>
void reserve_large(Vector& values, std::size_t size) {
  if (values.capacity() >= size) return;
  values.clear();
  values.reserve(size);
  prefer_huge_pages(values.data(), size * sizeof(typename Vector::value_type));
}

}  // namespace titrate
