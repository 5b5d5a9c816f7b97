// The HDF5 C API with owners and checked calls; private to this module, the only one that includes hdf5.h.
//
// A Library object stands for "HDF5 is in use": it holds the one lock around the library (not every build of
// HDF5 is thread-safe), keeps the library from printing, and turns a failed call into an Error of its own
// code and place, with the deepest message of HDF5's error stack as what was got.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <string>
#include <utility>

#include "titrate/core/error.hpp"

namespace titrate::shard::hdf5 {

// Owns one id of HDF5. Closing in the destructor is unchecked: close() is for what must be known to be
// closed.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);

  Handle(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), closer_(other.closer_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) closer_(id_);
  }

  operator hid_t() const { return id_; }
  herr_t close() { return closer_(std::exchange(id_, H5I_INVALID_HID)); }

 private:
  hid_t id_;
  Closer closer_;
};

class Library {
 public:
  // `code` and `where` are those of the Errors that failed calls become.
  Library(ErrorCode code, std::string where);
  Library(Library&&) = delete;
  ~Library();

  // Returns `result` if it is no failure (not negative). `what` says what was tried.
  template <class Result>
  Result check(Result result, const char* what) const {
    if (result < 0) fail(what);
    return result;
  }

  Handle own(hid_t id, Handle::Closer closer, const char* what) const { return {check(id, what), closer}; }

  [[noreturn]] void fail(const std::string& what) const;  // with HDF5's own message
  [[noreturn]] void refuse(const std::string& what, const std::string& expected = "",
                           const std::string& got = "") const;  // what HDF5 gave is not what it should be

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
  ErrorCode code_;
  std::string where_;
};

// The type of a string of `size` bytes: UTF-8, padded with zeros. Fixed lengths keep the bytes of a file a
// function of its content, and need no heap.
Handle string_type(const Library& library, std::size_t size);

// enum uint8 {real 0, augmented 1, synthetic 2}
Handle origin_type(const Library& library);

}  // namespace titrate::shard::hdf5
