#include "hdf5.hpp"

#include "titrate/shard/format.hpp"

namespace titrate::shard::hdf5 {
namespace {

// HDF5 is one global of this process, so its lock has to be one too.
std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// The stack is walked from the innermost call: its first description is the cause.
herr_t keep_first(unsigned, const H5E_error2_t* error, void* data) {
  auto& text = *static_cast<std::string*>(data);
  if (text.empty() && error->desc != nullptr) text = error->desc;
  return 0;
}

}  // namespace

Library::Library(ErrorCode code, std::string where)
    : lock_(library_mutex()), code_(code), where_(std::move(where)) {
  // At the end of the process HDF5 would complain on stderr of damaged files that it could not open and
  // cannot close. What we write we close ourselves.
  H5dont_atexit();
  H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Library::~Library() { H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_); }

void Library::fail(const std::string& what) const {
  std::string cause;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &cause);
  throw Error({.code = code_, .where = where_, .what = what, .got = cause});
}

void Library::refuse(const std::string& what, const std::string& expected, const std::string& got) const {
  throw Error({.code = code_, .where = where_, .what = what, .expected = expected, .got = got});
}

Handle string_type(const Library& library, std::size_t size) {
  Handle type = library.own(H5Tcopy(H5T_C_S1), H5Tclose, "cannot make a string type");
  library.check(H5Tset_size(type, size), "cannot size a string type");
  library.check(H5Tset_cset(type, H5T_CSET_UTF8), "cannot make a string type UTF-8");
  library.check(H5Tset_strpad(type, H5T_STR_NULLPAD), "cannot pad a string type");
  return type;
}

Handle origin_type(const Library& library) {
  Handle type = library.own(H5Tenum_create(H5T_STD_U8LE), H5Tclose, "cannot make the type of origins");
  for (std::size_t i = 0; i < kOriginNames.size(); ++i) {
    const std::string name(kOriginNames[i]);
    const auto value = static_cast<std::uint8_t>(i);
    library.check(H5Tenum_insert(type, name.c_str(), &value), "cannot name an origin");
  }
  return type;
}

}  // namespace titrate::shard::hdf5
