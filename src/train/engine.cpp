#include "titrate/train/engine.hpp"

#include <dlfcn.h>

#include "titrate/core/error.hpp"
#include "titrate/core/hash.hpp"

namespace titrate::train {
namespace {

constexpr std::string_view kFilePrefix = "libtitrate_engine_", kFileSuffix = ".so";

template <class Function>
Function symbol(void* handle, const char* name, const std::filesystem::path& library) {
  void* address = ::dlsym(handle, name);
  if (address == nullptr) {
    throw Error({.code = ErrorCode::failed,
                 .where = library.string(),
                 .what = std::string("not an engine: no symbol ") + name});
  }
  return reinterpret_cast<Function>(address);
}

using Interface = std::uint64_t (*)();

void check_interface(std::uint64_t number, const std::filesystem::path& library) {
  if (number == engine_interface()) return;
  throw Error({.code = ErrorCode::failed,
               .where = library.string(),
               .what = "the engine is of another build of titrate",
               .expected = "interface " + hex(engine_interface()),
               .got = hex(number),
               .hint = "build it again: bash launch/build.sh"});
}

}  // namespace

std::string engine_name(const std::filesystem::path& file) {
  constexpr std::size_t around = kFilePrefix.size() + kFileSuffix.size();
  const std::string name = file.filename().string();
  if (!name.starts_with(kFilePrefix) || !name.ends_with(kFileSuffix) || name.size() < around) return "";
  return name.substr(kFilePrefix.size(), name.size() - around);
}

std::string engine_file(const std::string& name) {
  return std::string(kFilePrefix) + name + std::string(kFileSuffix);
}

EngineLibrary::EngineLibrary(const std::filesystem::path& library) : name_(engine_name(library)) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw Error({.code = ErrorCode::failed,
                 .where = library.string(),
                 .what = "cannot load the engine",
                 .got = ::dlerror()});
  }
  // Never unloaded: LibTorch's threads and registries do not survive it.
  handle_ = std::shared_ptr<void>(handle, [](void*) {});
  check_interface(symbol<Interface>(handle, "titrate_engine_interface", library)(), library);
  make_ = symbol<Make>(handle, "titrate_make_engine", library);
  numerics_ = symbol<Numerics>(handle, "titrate_engine_numerics", library);
  supports_ = symbol<Supports>(handle, "titrate_engine_supports", library);
}

std::unique_ptr<Engine> EngineLibrary::make(const EngineSetup& setup) const {
  return std::unique_ptr<Engine>(make_(setup));
}

std::string EngineLibrary::numerics(const comm::Device& device) const {
  std::string text;
  numerics_(device, text);
  return text;
}

std::string EngineLibrary::why_not(const net::Network& network, const study::TrainSettings& train,
                                   const comm::Device& device) const {
  std::string reason;
  supports_(network, train, device, reason);
  return reason;
}

}  // namespace titrate::train
