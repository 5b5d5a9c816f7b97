#include "journal_writer.hpp"

#include "titrate/study/journal.hpp"

namespace titrate::dispatch {

JournalWriter::JournalWriter(const std::filesystem::path& run_folder, std::uint32_t attempt, int world_rank)
    : path_(study::journal_file(run_folder, attempt, world_rank)) {}

void JournalWriter::append(const std::string& record_json) {
  if (!lines_) lines_.emplace(path_);
  lines_->append(record_json);
}

}  // namespace titrate::dispatch
