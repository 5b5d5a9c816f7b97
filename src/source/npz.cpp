#include "npz.hpp"

#include <zip.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "refuse.hpp"
#include "titrate/core/byte_file.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

// As for compressed IDX files: what claims to shrink more than that is refused before its memory is asked
// for.
constexpr std::uint64_t kLargestExpansion = 100, kAlwaysAllowedBytes = 16 << 20;
constexpr zip_int64_t kMostMembers = 1000;
constexpr std::string_view kEnding = ".npy";

struct MemberCloser {
  void operator()(zip_file* member) const { zip_fclose(member); }
};
using MemberHandle = std::unique_ptr<zip_file, MemberCloser>;

zip_stat_t examined(zip* archive, std::uint64_t index, const std::string& where) {
  zip_stat_t stat{};
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
    refuse(where, "the archive does not say what its member " + std::to_string(index) + " is", "",
           zip_strerror(archive));
  }
  const std::string name = "member " + printable(stat.name);
  if (stat.encryption_method != ZIP_EM_NONE) refuse(where, name + " is encrypted");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    refuse(where, name + " is packed by another method than numpy's", "stored or deflated",
           "method " + std::to_string(stat.comp_method));
  }
  return stat;
}

void check_claims(const zip_stat_t& stat, const NpyHeader& header, std::uint64_t file_bytes,
                  const std::string& where) {
  if (header.header_bytes + header.data_bytes != stat.size) {
    refuse(where, "the archive and the array's header disagree on its length",
           std::to_string(header.header_bytes + header.data_bytes) + " bytes by the header",
           std::to_string(stat.size) + " by the archive");
  }
  const std::uint64_t packed = std::min<std::uint64_t>(stat.comp_size, file_bytes);
  if (header.data_bytes > kAlwaysAllowedBytes && header.data_bytes / kLargestExpansion > packed) {
    refuse(where, "the header claims more than the compressed array can plausibly hold",
           "at most " + std::to_string(kLargestExpansion) + " times its " + std::to_string(packed) + " bytes",
           std::to_string(header.data_bytes) + " bytes", "unpack it yourself if it is meant to be so");
  }
}

}  // namespace

void NpzFile::Closer::operator()(zip* archive) const { zip_discard(archive); }

NpzFile::NpzFile(const std::filesystem::path& path)
    : path_(path), file_bytes_(ByteFile(existing(path)).bytes()) {
  int code = 0;
  archive_.reset(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive_) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string cause = zip_error_strerror(&error);
    zip_error_fini(&error);
    refuse(path.string(), "not a .npz file, or a damaged one", "", cause);
  }
  const zip_int64_t members = zip_get_num_entries(archive_.get(), 0);
  if (members > kMostMembers) {
    refuse(path.string(), "there are too many members", "at most " + std::to_string(kMostMembers),
           std::to_string(members));
  }
  std::set<std::string> seen;
  for (zip_int64_t i = 0; i < members; ++i) {
    const auto index = static_cast<std::uint64_t>(i);
    const std::string name = examined(archive_.get(), index, path.string()).name;
    if (!seen.insert(name).second) {
      refuse(path.string(), "two members have one name", "", printable(name));
    }
    if (name.size() <= kEnding.size() || !name.ends_with(kEnding)) {
      others_.push_back(name);
      continue;
    }
    names_.push_back(name.substr(0, name.size() - kEnding.size()));
    indices_.push_back(index);
  }
}

NpzFile::~NpzFile() = default;

std::string NpzFile::where(const std::string& name) const { return path_.string() + ": " + printable(name); }

void NpzFile::read(const std::string& name,
                   const std::function<void(const NpyHeader&, const ByteReader&)>& use) const {
  const std::size_t place =
      static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  const zip_stat_t stat = examined(archive_.get(), indices_.at(place), path_.string());
  const MemberHandle member(zip_fopen_index(archive_.get(), indices_[place], 0));
  if (!member) refuse(where(name), "cannot be unpacked", "", zip_strerror(archive_.get()));
  const ByteReader read = [&](std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      const zip_int64_t count = zip_fread(member.get(), out.data() + done, out.size() - done);
      if (count < 0) {
        refuse(where(name), "the packed bytes are damaged", "", zip_file_strerror(member.get()));
      }
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  };
  const NpyHeader header = read_npy_header(read, where(name));
  check_claims(stat, header, file_bytes_, where(name));
  use(header, read);
  std::array<std::byte, 1> more{};  // at the end the checksum is compared
  if (read(more) != 0) refuse(where(name), "unpacks to more than its header says");
}

}  // namespace titrate::source
