// Keeps what was read last, up to so many bytes, so that a source larger than memory can be read in any
// order; private to this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "titrate/core/error.hpp"

namespace titrate::source {

// Thread-safe. A block that several threads ask for at once is loaded by one of them. The block that was
// asked for last stays, whatever its size; those in use live as long as their users.
template <class Block>
class BlockCache {
 public:
  explicit BlockCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  // load() returns a Block of `bytes` bytes; an Error that it throws is kept like a block, and goes to all
  // who ask for it: a file that is damaged is not read again for each of its rows.
  template <class Load>
  std::shared_ptr<const Block> get(std::uint64_t key, std::size_t bytes, const Load& load) {
    const std::shared_ptr<Slot> slot = find(key, bytes);
    const std::lock_guard lock(slot->mutex);
    if (slot->fault) std::rethrow_exception(slot->fault);
    if (slot->block) return slot->block;
    try {
      slot->block = std::make_shared<const Block>(load());
    } catch (const Error&) {
      slot->fault = std::current_exception();
      throw;
    }
    return slot->block;
  }

 private:
  struct Slot {
    std::mutex mutex{};
    std::shared_ptr<const Block> block{};
    std::exception_ptr fault{};
    std::uint64_t key = 0;
    std::size_t bytes = 0;
  };
  using Order = std::list<std::shared_ptr<Slot>>;

  std::shared_ptr<Slot> find(std::uint64_t key, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (const auto found = places_.find(key); found != places_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return order_.front();
    }
    while (!order_.empty() && bytes_ + bytes > most_bytes_) {
      bytes_ -= order_.back()->bytes;
      places_.erase(order_.back()->key);
      order_.pop_back();
    }
    order_.push_front(std::make_shared<Slot>());
    order_.front()->key = key;
    order_.front()->bytes = bytes;
    places_[key] = order_.begin();
    bytes_ += bytes;
    return order_.front();
  }

  std::mutex mutex_;
  Order order_;  // the latest first
  std::unordered_map<std::uint64_t, typename Order::iterator> places_;
  std::size_t bytes_ = 0, most_bytes_;
};

}  // namespace titrate::source
