#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "../../../src/doctor/machine.hpp"
#include "support/temporary_folder.hpp"
#include "titrate/doctor/doctor.hpp"
#include "titrate/doctor/line.hpp"

namespace titrate::doctor {
namespace {

std::string ranks(std::span<const int> who) { return comm::name_ranks(who); }

comm::GetEnvironment environment(std::map<std::string, std::string> variables) {
  return [variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

TEST(DoctorLines, TravelAsTheyAre) {
  const DoctorLines lines{
      {.name = "a", .text = "fine"},
      {.name = "b", .status = CheckStatus::fail, .text = "\"not\"\n", .remedy = "mend it"}};
  EXPECT_EQ(parse_lines(pack_lines(lines)), lines);
  EXPECT_TRUE(parse_lines(pack_lines({})).empty());
  EXPECT_THROW(parse_lines("no lines"), Error);
}

TEST(DoctorLines, ThatAreAlikeAreSaidOnce) {
  const DoctorLine well{.name = "disk", .text = "fine"},
      ill{.name = "disk", .status = CheckStatus::fail, .text = "full"};
  EXPECT_EQ(merge_lines(std::vector<DoctorLines>{{well}, {well}}, ranks), DoctorLines{well});
  const DoctorLines merged = merge_lines(std::vector<DoctorLines>{{well}, {ill}, {well}, {}}, ranks);
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].text, "ranks 0,2: fine");
  EXPECT_EQ(merged[1].text, "rank 1: full");
  EXPECT_EQ(worst(merged), CheckStatus::fail);
}

TEST(DoctorLines, StandForManyOfTheirKind) {
  std::vector<DoctorLines> said;
  for (int i = 0; i < 6; ++i) said.push_back({{.name = "disk", .text = std::to_string(i) + " GiB"}});
  said.push_back({{.name = "disk", .status = CheckStatus::warn, .text = "0 GiB"}});
  const DoctorLines merged = merge_lines(said, ranks);
  ASSERT_EQ(merged.size(), 2U);
  EXPECT_EQ(merged[0].text, "ranks 0-5, such as rank 0: 0 GiB");
  EXPECT_EQ(merged[1].text, "rank 6: 0 GiB");
}

TEST(DoctorLines, TellInWhatHostsDiffer) {
  const DoctorLine one{.name = "MPI", .text = "1"}, two{.name = "MPI", .text = "2"},
      same{.name = "engine", .text = "x"};
  EXPECT_TRUE(names_that_differ(std::vector<DoctorLines>{{one, same}, {one, same}}).empty());
  EXPECT_EQ(names_that_differ(std::vector<DoctorLines>{{one, same}, {two, same}}),
            std::vector<std::string>{"MPI"});
}

TEST(DoctorLines, FitATerminal) {
  DoctorLine line{.name = "network", .status = CheckStatus::warn, .remedy = "look"};
  for (int i = 0; i < 30; ++i) line.text += (i == 0 ? "" : " ") + std::string("word") + std::to_string(i);
  const std::string text = format_lines(DoctorLines{line});
  std::size_t rows = 0;
  for (std::size_t at = 0; at < text.size(); ++rows) {
    const std::size_t end = text.find('\n', at);
    EXPECT_LE(end - at, 96U);
    at = end + 1;
  }
  EXPECT_EQ(rows, 4U);
  EXPECT_TRUE(text.starts_with("warn  network         word0 ")) << text;
  EXPECT_TRUE(text.ends_with("\n                      -> look\n")) << text;
}

TEST(Launcher, OfSlurmNeedsPmix) {
  const auto status = [](const std::map<std::string, std::string>& variables) {
    return check_start(environment(variables)).at(1).status;
  };
  EXPECT_EQ(status({}), CheckStatus::ok);
  EXPECT_EQ(status({{"SLURM_STEP_NUM_TASKS", "8"}}), CheckStatus::fail);
  EXPECT_EQ(status({{"SLURM_STEP_NUM_TASKS", "8"}, {"PMIX_RANK", "3"}}), CheckStatus::ok);
  EXPECT_EQ(status({{"SLURM_STEP_NUM_TASKS", "8"}, {"PMI_RANK", "3"}}), CheckStatus::warn);
  // mpirun inside a step.
  EXPECT_EQ(status({{"SLURM_STEP_NUM_TASKS", "8"}, {"OMPI_COMM_WORLD_SIZE", "8"}}), CheckStatus::ok);
}

TEST(Processors, AreForOneRankEach) {
  const auto statuses = [](const std::vector<std::vector<int>>& allowed, std::optional<std::string> threads) {
    std::vector<CheckStatus> found;
    for (const DoctorLine& line : judge_processors(allowed, threads)) found.push_back(line.status);
    return found;
  };
  using Statuses = std::vector<CheckStatus>;
  EXPECT_EQ(statuses({{0, 1}, {0, 1}}, {}), Statuses{CheckStatus::ok});
  EXPECT_EQ(statuses({{0, 1}, {0, 1}, {0, 1}}, "1"), Statuses{CheckStatus::warn});
  EXPECT_EQ(statuses({{0}, {1}}, {}), Statuses{CheckStatus::ok});
  EXPECT_EQ(statuses({{0}, {0}, {1, 2, 3}}, {}), Statuses{CheckStatus::warn});  // two bound to one
  EXPECT_EQ(statuses({{0, 1}, {0, 1}}, "2"), (Statuses{CheckStatus::ok, CheckStatus::warn}));
  EXPECT_EQ(statuses({{0, 1, 2, 3}, {0, 1, 2, 3}}, "2"), Statuses{CheckStatus::ok});
  EXPECT_FALSE(allowed_processors().empty());
}

// /proc with one process, which has these files of `folder` mapped.
void make_proc(const std::filesystem::path& proc, const std::filesystem::path& folder,
               const std::vector<std::string>& mapped) {
  std::filesystem::create_directories(proc / "17");
  std::filesystem::create_directories(proc / "self");
  std::ofstream maps(proc / "17" / "maps");
  for (const std::string& name : mapped) {
    maps << "7f00-7f01 rw-s 00000000 00:17 3      " << (folder / name).string() << "\n";
  }
}

TEST(Leftovers, AreSegmentsThatNobodyMaps) {
  const TemporaryFolder folder;
  const std::filesystem::path shm = folder.path() / "shm", proc = folder.path() / "proc";
  std::filesystem::create_directories(shm);
  EXPECT_TRUE(check_leftovers(shm, proc).empty());
  for (const char* name : {"vader_segment.host.0.1.0", "vader_segment.host.0.2.0", "other"}) {
    std::ofstream(shm / name) << std::string(100'000, 'x');
  }
  make_proc(proc, shm, {"vader_segment.host.0.1.0", "vader_segment.host.0.2.0"});
  EXPECT_TRUE(check_leftovers(shm, proc).empty());
  make_proc(proc, shm, {"vader_segment.host.0.2.0"});
  const DoctorLines lines = check_leftovers(shm, proc);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].status, CheckStatus::warn);
  EXPECT_TRUE(lines[0].text.starts_with("1 file of runs that were killed, 0.1 MiB")) << lines[0].text;
  EXPECT_TRUE(std::filesystem::exists(shm / "vader_segment.host.0.1.0"));
}

TEST(Space, IsLookedAtWhereItIsUsed) {
  const TemporaryFolder folder;
  EXPECT_EQ(check_shared_memory(folder.path(), 1).status, CheckStatus::ok);
  EXPECT_EQ(check_shared_memory(folder.path(), 1 << 30).status, CheckStatus::warn);  // more than any disk has
  EXPECT_EQ(check_shared_memory(folder.path() / "gone", 1).status, CheckStatus::warn);
  const DoctorLine line = check_temporary_space(environment({{"TMPDIR", folder.path()}}));
  EXPECT_EQ(line.status, CheckStatus::ok);
  EXPECT_TRUE(line.text.ends_with(folder.path().string())) << line.text;
  // What mpirun was told counts for more than what it inherited.
  std::map<std::string, std::string> gone{{"TMPDIR", folder.path()},
                                          {"OMPI_MCA_orte_tmpdir_base", "/proc/gone"}};
  EXPECT_EQ(check_temporary_space(environment(gone)).status,
            CheckStatus::warn);  // a process alone needs none
  gone["OMPI_COMM_WORLD_SIZE"] = "1";
  EXPECT_EQ(check_temporary_space(environment(gone)).status, CheckStatus::fail);
  // Open MPI would make it.
  EXPECT_EQ(check_temporary_space(environment({{"TMPDIR", folder.path() / "new" / "one"}})).status,
            CheckStatus::ok);
  EXPECT_EQ(in_units(100'000), "0.1 MiB");
  EXPECT_EQ(in_units(std::uint64_t{64} << 20), "64 MiB");
  EXPECT_EQ(in_units(std::uint64_t{3} << 29), "1.5 GiB");
}

TEST(Networks, MustLeadToTheOtherHosts) {
  const comm::Interface loopback{.name = "lo", .address = "127.0.0.1"},
      wire{.name = "eth0", .address = "10.0.0.1"}, docker{.name = "docker0", .address = "172.17.0.1"};
  // One host needs none.
  EXPECT_EQ(worst(judge_networks(std::vector<HostNetwork>{{"a", {loopback}}})[0]), CheckStatus::ok);
  const auto lines = judge_networks(std::vector<HostNetwork>{
      {"a", {loopback, wire, docker}}, {"b", {loopback}}, {"c", {docker}}, {"d", {wire}}});
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].at(0).text, "eth0 10.0.0.1, docker0 172.17.0.1");
  EXPECT_EQ(lines[0].at(0).status, CheckStatus::ok);
  EXPECT_EQ(lines[0].at(1).status, CheckStatus::warn);  // docker0 is on a and c
  EXPECT_EQ(lines[0].at(1).remedy, "mpirun --mca btl_tcp_if_exclude lo,docker0");
  EXPECT_EQ(lines[1].at(0).status, CheckStatus::warn);
  EXPECT_EQ(lines[2].at(0).status, CheckStatus::warn);
  EXPECT_EQ(worst(lines[3]), CheckStatus::ok);
}

TEST(Gpus, AreSharedAndFull) {
  const comm::Device gpu{.kind = comm::DeviceKind::cuda, .name = "H200", .pci_id = "0000:01:00.0"};
  constexpr std::size_t kGibibyte = std::size_t{1} << 30;
  const DoctorLine line =
      judge_gpu(gpu, {.free_bytes = 130 * kGibibyte, .total_bytes = 140 * kGibibyte}, std::vector<int>{0, 4});
  EXPECT_EQ(line.text, "0000:01:00.0 H200, 130.0 GiB of 140.0 GiB free: ranks 0,4");
  EXPECT_EQ(line.status, CheckStatus::ok);
  EXPECT_EQ(
      judge_gpu(gpu, {.free_bytes = kGibibyte, .total_bytes = 140 * kGibibyte}, std::vector<int>{0}).status,
      CheckStatus::warn);
}

TEST(Gpus, ThatTheMachineHasAreMissed) {
  const TemporaryFolder proc;
  EXPECT_EQ(judge_no_gpu("no driver", proc.path()).status, CheckStatus::ok);
  std::filesystem::create_directories(proc.path() / "driver/nvidia/gpus/0000:01:00.0");
  EXPECT_EQ(judge_no_gpu("no visible device", proc.path()).status, CheckStatus::warn);
}

TEST(GpuVersions, MustFit) {
  const auto statuses = [](const comm::GpuVersions& versions, bool used) {
    const DoctorLines lines = judge_gpu_versions(versions, used);
    return std::pair(lines.at(0).status, lines.at(1).status);
  };
  using Pair = std::pair<CheckStatus, CheckStatus>;
  EXPECT_TRUE(judge_gpu_versions(std::nullopt, false).empty());
  EXPECT_EQ(statuses({13010, 13000, 22809, 22809}, true), Pair(CheckStatus::ok, CheckStatus::ok));
  EXPECT_EQ(statuses({0, 13000, 22900, 22809}, false), Pair(CheckStatus::ok, CheckStatus::ok));
  EXPECT_EQ(statuses({12090, 13000, 22704, 22809}, false), Pair(CheckStatus::warn, CheckStatus::warn));
  EXPECT_EQ(statuses({13000, 13000, 22704, 22809}, true), Pair(CheckStatus::ok, CheckStatus::fail));
  EXPECT_EQ(statuses({13000, 13000, 30000, 22809}, true), Pair(CheckStatus::ok, CheckStatus::fail));
  EXPECT_EQ(judge_gpu_versions(comm::GpuVersions{13010, 13000, 22704, 22809}, true).at(1).text,
            "2.27.4, but titrate was built with 2.28.9");
}

}  // namespace
}  // namespace titrate::doctor
