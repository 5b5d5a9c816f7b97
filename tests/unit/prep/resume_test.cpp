#include <algorithm>
#include <chrono>
#include <functional>

#include "pack_folder.hpp"
#include "titrate/prep/verify.hpp"
#include "unit/source/picture_files.hpp"

namespace titrate::prep {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

// What was sealed before is told from what is new by its time.
const fs::file_time_type kLongAgo = fs::file_time_type::clock::now() - std::chrono::hours(24 * 365);

// Six shards of training and one of test images. An attempt is ended at a file by a folder of its name, on
// which it cannot be renamed.
class Resume : public PackFolder {
 protected:
  Resume() {
    pack(six("reference"));
    reference_ = files_of(root_.path() / "reference");
  }

  PackOptions six(const std::string& out = "out") const {
    PackOptions pack_options = options(out);
    pack_options.overrides = {"shards=6"};
    return pack_options;
  }
  fs::path staging() const { return out() / ".packing"; }
  static std::string train(int index) { return "train-0000" + std::to_string(index) + "-of-00006.h5"; }

  // Packs until `name` is to be written, and makes what is sealed by then look old.
  Outcome stop_at(const std::string& name, const PackOptions& pack_options) const {
    fs::create_directories(staging() / name);
    const Outcome found = outcome([&] { pack(pack_options); });
    fs::remove(staging() / name);
    EXPECT_EQ(found.code, ErrorCode::io) << found.message;
    EXPECT_NE(found.message.find((staging() / name).string()), std::string::npos) << found.message;
    for (const std::string& sealed : sealed_names()) fs::last_write_time(staging() / sealed, kLongAgo);
    return found;
  }
  Outcome stop_at(const std::string& name) const { return stop_at(name, six()); }

  std::vector<std::string> sealed_names() const {
    std::vector<std::string> names;
    if (!fs::is_directory(staging())) return names;
    for (const auto& [name, bytes] : files_of(staging())) {
      if (name.starts_with("t")) names.push_back(name);
    }
    return names;
  }

  // Packs to the end and expects the bytes of a packing that nothing interrupted. Returns the shards that
  // were kept.
  std::vector<std::string> go_on() const {
    pack(six());
    EXPECT_TRUE(files_of(out()) == reference_);
    EXPECT_FALSE(fs::exists(staging()));
    return old_in(out());
  }
  static std::vector<std::string> old_in(const fs::path& folder) {
    std::vector<std::string> kept;
    for (const auto& [name, bytes] : files_of(folder)) {
      if (fs::last_write_time(folder / name) == kLongAgo) kept.push_back(name);
    }
    return kept;
  }

  Files reference_;
};

TEST_F(Resume, GoesOnAfterEveryShard) {
  std::vector<std::string> shards;
  for (int i = 0; i < 6; ++i) shards.push_back(train(i));
  shards.push_back("test-00000-of-00001.h5");
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const Outcome found = stop_at(shards[i]);
    EXPECT_FALSE(fs::exists(out() / "manifest.json"));
    EXPECT_TRUE(files_of(out()).empty());
    std::vector<std::string> sealed(shards.begin(), shards.begin() + static_cast<std::ptrdiff_t>(i));
    std::sort(sealed.begin(), sealed.end());
    EXPECT_EQ(sealed_names(), sealed);
    const std::string hint = "it goes on after the " + std::to_string(i) + " shards that are whole";
    EXPECT_EQ(found.message.find(hint) != std::string::npos, i > 0) << found.message;
    EXPECT_EQ(go_on(), sealed);
    fs::remove_all(out());
  }
}

TEST_F(Resume, GoesOnAfterTheLastShard) {
  for (const std::string name : {"dataset.h5", "manifest.json"}) {
    EXPECT_NE(stop_at(name).message.find("after the 7 shards"), std::string::npos);
    EXPECT_FALSE(fs::exists(out() / "manifest.json"));
  }
  EXPECT_EQ(go_on().size(), 7u);
}

TEST_F(Resume, MayBeInterruptedAgainAndAgain) {
  stop_at(train(1));
  stop_at(train(3));
  stop_at(train(4));
  stop_at("dataset.h5");
  EXPECT_EQ(go_on().size(), 7u);
}

// The shards that were moved are gone with the manifest that never came.
TEST_F(Resume, MakesAgainWhatWasMovedBeforeTheManifest) {
  fs::create_directories(out() / train(3));
  EXPECT_NE(outcome([&] { pack(six()); }).message.find("cannot move the new dataset into place"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(out() / "manifest.json"));
  fs::remove(out() / train(3));
  for (const std::string& sealed : sealed_names()) fs::last_write_time(staging() / sealed, kLongAgo);
  const std::vector<std::string> sealed = sealed_names();
  EXPECT_LT(sealed.size(), 7u);
  EXPECT_EQ(go_on(), sealed);
}

TEST_F(Resume, StartsAnewForAnotherRecipe) {
  stop_at(train(4));
  PackOptions other = six();
  other.overrides.emplace_back("seed=9");
  pack(other);
  EXPECT_TRUE(old_in(out()).empty());
  other.out = root_.path() / "other";
  pack(other);
  EXPECT_TRUE(files_of(out()) == files_of(other.out));
  EXPECT_FALSE(files_of(out()) == reference_);
}

TEST_F(Resume, StartsAnewForOtherSourceFiles) {
  for (const char* name : {"train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    stop_at(train(4));
    const fs::path path = root_.path() / "set" / name;
    fs::last_write_time(path, fs::last_write_time(path) - std::chrono::seconds(1));
    EXPECT_TRUE(go_on().empty());
    fs::remove_all(out());
  }
}

TEST_F(Resume, DoesNotMindThreadsOrPlaces) {
  stop_at(train(4));
  fs::rename(root_.path() / "set", root_.path() / "moved-set");
  fs::create_directory(root_.path() / "elsewhere");
  fs::rename(root_.path() / "moved-set", root_.path() / "elsewhere/set");
  PackOptions moved = six();
  moved.data_root = root_.path() / "elsewhere";
  moved.threads = 3;
  pack(moved);
  EXPECT_TRUE(files_of(out()) == reference_);
  EXPECT_EQ(old_in(out()).size(), 4u);
}

TEST_F(Resume, MakesDamagedShardsAgain) {
  const auto damages = std::vector<std::function<void(const fs::path&)>>{
      [](const fs::path& path) {
        std::string bytes = read_text(path);
        bytes[bytes.size() / 2] ^= 1;
        put(path, bytes);
      },
      [](const fs::path& path) { fs::resize_file(path, fs::file_size(path) - 1); },
      [](const fs::path& path) { fs::resize_file(path, 0); }, [](const fs::path& path) { fs::remove(path); },
      [](const fs::path& path) {
        fs::copy_file(path.parent_path() / train(2), path, fs::copy_options::overwrite_existing);
      }};
  for (const auto& damage : damages) {
    stop_at(train(5));
    damage(staging() / train(1));
    if (fs::exists(staging() / train(1))) fs::last_write_time(staging() / train(1), kLongAgo);
    EXPECT_EQ(go_on(), (std::vector<std::string>{train(0), train(2), train(3), train(4)}));
    fs::remove_all(out());
  }
}

TEST_F(Resume, SaysHowManyShardsAreThere) {
  stop_at(train(5));
  fs::remove(staging() / train(1));
  EXPECT_NE(stop_at(train(1)).message.find("after the 4 shards"), std::string::npos);
  for (const int i : {0, 2, 3, 4}) fs::remove(staging() / train(i));
  EXPECT_EQ(stop_at(train(0)).message.find("shards that are whole"), std::string::npos);
  EXPECT_TRUE(go_on().empty());
}

TEST_F(Resume, ToleratesATornJournal) {
  const fs::path journal = staging() / "packing.jsonl";
  stop_at(train(5));
  fs::resize_file(journal, fs::file_size(journal) - 10);  // in the line of the fifth shard
  EXPECT_EQ(go_on().size(), 4u);
  fs::remove_all(out());

  stop_at(train(5));
  std::string lines = read_text(journal);
  lines[lines.find(train(2))] = 'T';  // changed by a disk
  put(journal, lines + "{\"name\":\"train-00005-of-0");
  EXPECT_EQ(go_on(), (std::vector<std::string>{train(0), train(1), train(3), train(4)}));
  fs::remove_all(out());

  stop_at(train(5));
  lines = read_text(journal);
  put(journal, lines.substr(5));  // whose packing it is, nobody knows
  EXPECT_TRUE(go_on().empty());
  fs::remove_all(out());

  stop_at(train(5));
  put(journal, "");
  EXPECT_TRUE(go_on().empty());
}

// A process that is killed has no time to clear up.
TEST_F(Resume, PublishesNothingHalfWritten) {
  stop_at(train(2));
  put(staging() / (".train-00002-of-00006.h5.tmp4711"), "half");
  put(staging() / train(2), "written, not sealed");
  put(staging() / ".manifest.json.tmp4711", "half");
  put(staging() / "quarantine.jsonl", "of an end that was not reached");
  put(staging() / "sidecar-0.jsonl", "likewise");
  put(staging() / "train-00008-of-00009.h5", "of another packing");
  put(staging() / "theirs.txt", "theirs");
  pack(six());
  EXPECT_TRUE(files_of(out()) == reference_);
  EXPECT_EQ(old_in(out()).size(), 2u);
  EXPECT_EQ(files_of(staging()), (Files{{"theirs.txt", "theirs"}}));
}

TEST_F(Resume, KeepsTheOldDatasetUntilTheNewOneIsWhole) {
  PackOptions old = options();
  old.overrides = {"seed=77"};
  pack(old);
  const Files before = files_of(out());
  PackOptions forced = six();
  forced.force = true;
  stop_at(train(3), forced);
  EXPECT_TRUE(files_of(out()) == before);
  verify(out());
  pack(forced);
  EXPECT_TRUE(files_of(out()) == reference_);
  EXPECT_EQ(old_in(out()).size(), 3u);
}

TEST_F(Resume, IsForOneAtATime) {
  stop_at(train(3));
  {
    const FolderLock lock(out());
    expect_refused(six(), ErrorCode::in_use, "in use by process");
  }
  EXPECT_EQ(go_on().size(), 3u);
}

// Children are made of pictures in several shards, each of which knows what it lacks.
TEST_F(Resume, RemembersWhatWasLeftOut) {
  for (std::uint32_t i = 0; i < 20; ++i)
    put_png(root_.path() / "pets" / (i % 2 == 0 ? "cat" : "dog") / (std::to_string(i) + ".png"), i, 30);
  const fs::path torn = root_.path() / "pets/cat/4.png";
  const std::string whole = read_text(torn);
  put(torn, whole.substr(0, whole.size() - 20));
  put(root_.path() / "recipe.toml",
      "name = \"pets\"\nshards = 6\n[[source]]\nkind = \"folder\"\npath = \"pets\"\n"
      "[[augment]]\nops = [\"rotate 10\"]\ncopies = 4\n");
  const PackOptions uninterrupted = options("pets-reference");
  pack(uninterrupted);
  const Files expected = files_of(uninterrupted.out);
  EXPECT_TRUE(expected.contains("quarantine.jsonl"));
  for (const std::string& name :
       std::vector<std::string>{train(2), train(5), "quarantine.jsonl", "dataset.h5"}) {
    stop_at(name, options());
    pack(options());
    EXPECT_TRUE(files_of(out()) == expected);
    EXPECT_GT(old_in(out()).size(), 1u);
    fs::remove_all(out());
  }
  // Mended, it is packed.
  stop_at(train(5), options());
  put(torn, whole);
  EXPECT_EQ(pack(options()).manifest.quarantined, 0u);
  EXPECT_TRUE(old_in(out()).empty());
  verify(out());
}

}  // namespace
}  // namespace titrate::prep
