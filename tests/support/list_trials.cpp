// Prints the trials of a study in the order of its grid, for tests in Python: "ID SETTINGS" on each line.
//
//   list_trials STUDY.toml FINGERPRINT     the fingerprint stands for a dataset that need not be there
#include <cstdio>

#include "titrate/core/error.hpp"
#include "titrate/study/study.hpp"

namespace {

int run(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: list_trials STUDY.toml FINGERPRINT\n", stderr);
    return 2;
  }
  titrate::study::Study study = titrate::study::read_study(argv[1]);
  study.fingerprint = argv[2];
  for (const titrate::study::Trial& trial : titrate::study::grid(study))
    std::printf("%s %s\n", trial.id.c_str(), titrate::study::canonical(trial.settings).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return titrate::run_and_report("list_trials", run, argc, argv); }
