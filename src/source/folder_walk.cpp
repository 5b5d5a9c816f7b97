#include "folder_walk.hpp"

#include <algorithm>
#include <optional>
#include <system_error>

#include "encoded_files.hpp"
#include "titrate/core/error.hpp"
#include "titrate/core/text.hpp"

namespace titrate::source {
namespace {

constexpr std::size_t kNamedHidden = 3;  // of many hidden files

bool is_hidden(const std::string& name) {
  return name.starts_with('.') || name == "__MACOSX" || name == "Thumbs.db";
}

std::optional<std::pair<dev_t, ino_t>> identity_of(const std::filesystem::path& folder) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
  return std::pair(status.st_dev, status.st_ino);
}

}  // namespace

std::string path_in(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + '/' + name;
}

FolderContent FolderWalk::content(const std::string& folder) {
  const std::filesystem::path path = folder.empty() ? root_ : root_ / folder;
  FolderContent content;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    add_entry(*at, folder, content);
  if (error) {
    throw Error({.code = ErrorCode::io,
                 .where = path.string(),
                 .what = "cannot read the folder",
                 .got = error.message()});
  }
  std::sort(content.folders.begin(), content.folders.end());
  std::sort(content.files.begin(), content.files.end());
  return content;
}

// Asks the entry in an order in which most need no system call: folders tell what their files are.
void FolderWalk::add_entry(const std::filesystem::directory_entry& entry, const std::string& folder,
                           FolderContent& content) {
  std::string name = entry.path().filename().string();
  std::error_code error;
  const bool file = entry.is_regular_file(error), is_folder = !file && entry.is_directory(error);
  if (is_hidden(name)) {
    (is_folder ? hidden_folders_ : hidden_files_).push_back(escaped(path_in(folder, name)));
  } else if (const std::string fault = fault_of_name(name); !fault.empty()) {
    refused_.push_back({.path = escaped(path_in(folder, name)), .why = fault});
  } else if (file) {
    content.files.push_back(std::move(name));
  } else if (is_folder) {
    content.folders.push_back(std::move(name));
  } else {
    const std::filesystem::file_status status = entry.status(error);
    std::string why = "not a regular file";
    if (status.type() == std::filesystem::file_type::not_found) why = "a link that leads nowhere";
    if (status.type() == std::filesystem::file_type::none)
      why = "cannot be looked at; got " + error.message();
    refused_.push_back({.path = path_in(folder, name), .why = why});
  }
}

std::set<FolderWalk::Identity> FolderWalk::above(const std::string& folder) const {
  std::set<Identity> identities;
  for (std::size_t end = 0; end != std::string::npos && end < folder.size();
       end = folder.find('/', end + 1)) {
    const std::string_view part = std::string_view(folder).substr(0, end);
    if (const auto identity = identity_of(root_ / part)) identities.insert(*identity);
  }
  return identities;
}

std::vector<std::string> FolderWalk::files_below(const std::string& folder) {
  std::vector<std::string> files, waiting{folder};
  std::set<Identity> taken = above(folder);
  while (!waiting.empty()) {
    const std::string at = std::move(waiting.back());
    waiting.pop_back();
    const auto identity = identity_of(root_ / at);
    if (identity && !taken.insert(*identity).second) {
      refused_.push_back({.path = at, .why = "a link to a folder that is taken already"});
      continue;
    }
    try {
      const FolderContent found = content(at);
      for (const std::string& name : found.files) files.push_back(path_in(at, name));
      // The last is looked at first.
      for (auto name = found.folders.rbegin(); name != found.folders.rend(); ++name)
        waiting.push_back(path_in(at, *name));
      if (found.files.empty() && found.folders.empty() && at != folder)
        refused_.push_back({.path = at, .why = "a folder without images"});
    } catch (const Error& error) {
      if (at.empty()) throw;
      refused_.push_back({.path = at, .why = error.info().what + "; got " + error.info().got});
    }
  }
  return files;
}

std::vector<std::string> FolderWalk::notes() const {
  std::vector<std::string> notes, folders = hidden_folders_, files = hidden_files_;
  std::sort(folders.begin(), folders.end());
  std::sort(files.begin(), files.end());
  for (const std::string& folder : folders) notes.push_back("hidden folder " + folder + " skipped");
  if (files.size() == 1) notes.push_back("hidden file " + files[0] + " skipped");
  if (files.size() > 1) {
    const std::size_t named = std::min(files.size(), kNamedHidden);
    notes.push_back(with_commas(files.size()) + " hidden files skipped: " +
                    join(std::span(files).first(named), ", ") + (named < files.size() ? ", ..." : ""));
  }
  return notes;
}

}  // namespace titrate::source
