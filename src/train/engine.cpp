#include "titrate/train/engine.hpp"

#include <dlfcn.h>

#include "titrate/core/error.hpp"

namespace titrate::train {
namespace {

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

}  // namespace

EngineLibrary::EngineLibrary(const std::filesystem::path& library) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw Error({.code = ErrorCode::failed,
                 .where = library.string(),
                 .what = "cannot load the engine",
                 .got = ::dlerror()});
  }
  // Never unloaded: LibTorch's threads and registries do not survive it.
  handle_ = std::shared_ptr<void>(handle, [](void*) {});
  make_ = symbol<Make>(handle, "titrate_make_engine", library);
  numerics_ = symbol<Numerics>(handle, "titrate_engine_numerics", library);
}

std::unique_ptr<Engine> EngineLibrary::make(const EngineSetup& setup) const {
  return std::unique_ptr<Engine>(make_(setup));
}

std::string EngineLibrary::numerics(const comm::Device& device) const {
  std::string text;
  numerics_(device, text);
  return text;
}

std::filesystem::path default_engine_library() {
  const std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const char* name = "libtitrate_engine_torch.so";
  const std::filesystem::path installed = folder.parent_path() / "lib" / "titrate" / name;
  return std::filesystem::exists(folder / name) ? folder / name : installed;
}

}  // namespace titrate::train
