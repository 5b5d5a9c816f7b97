#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>

#include "titrate/comm/deadline.hpp"
#include "titrate/comm/session.hpp"
#include "titrate/doctor/doctor.hpp"
#include "verbs.hpp"

namespace titrate {
namespace {

constexpr double kStartSeconds = 60;
constexpr double kEndSeconds = 20;

struct Options {
  std::string out{};
  std::string device = "auto";
  bool json = false;
};

comm::Deadline mpi_deadline(doctor::DoctorReport& report, double seconds, const char* what) {
  return comm::Deadline(seconds, [&report, seconds, what] {
    report.add(std::vector<doctor::DoctorLine>{
        {.name = "MPI",
         .status = doctor::CheckStatus::fail,
         .text = std::string(what) + " within " + std::to_string(static_cast<int>(seconds)) + " s",
         .remedy = "see which rank is missing; between hosts, firewalls and wrong interfaces do this"}});
    report.finish();
    std::_Exit(exit_code(ErrorCode::no_progress));
  });
}

// mpirun ends all when one leaves with a code, so those who say nothing wait for the one who speaks.
int leave(doctor::DoctorReport& report, ErrorCode code, bool speaks) {
  report.finish();
  if (!speaks) std::this_thread::sleep_for(std::chrono::seconds(1));
  return exit_code(code);
}

int run(const Options& options) {
  const doctor::DoctorOptions chosen{.out = options.out,
                                     .device = parse_choice<comm::DeviceKind>(options.device, "--device")};
  const bool speaks = comm::launched_rank(comm::get_environment) == 0;
  doctor::DoctorReport report(options.json, !speaks);
  const doctor::DoctorLines start = doctor::check_start(comm::get_environment);
  report.add(start);
  if (doctor::worst(start) == doctor::CheckStatus::fail) {
    const bool by_launcher = start.back().name == "launcher";
    return leave(report, by_launcher ? ErrorCode::usage : ErrorCode::failed, speaks);
  }
  std::optional<comm::Deadline> deadline(mpi_deadline(report, kStartSeconds, "MPI did not start"));
  std::optional<comm::Session> session;
  try {
    session.emplace();
  } catch (const Error& error) {
    report.add(std::vector<doctor::DoctorLine>{doctor::failure_line("launcher", error.info())});
    return leave(report, error.code(), speaks);
  }
  deadline.reset();
  const int code = session->run("titrate", [&] { return doctor::run_doctor(chosen, *session, report); });
  deadline.emplace(mpi_deadline(report, kEndSeconds, "MPI did not end"));
  session.reset();
  return code;
}

}  // namespace

void add_doctor(CLI::App& app, Verb& verb) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("doctor",
                                         "whether the launcher, the hosts and a run folder are fit for a "
                                         "sweep; alone, or as a sweep is started");
  command->add_option("--out", options->out, "the run folder to look at as well")->type_name("DIR");
  command->add_option("--device", options->device, "auto, cpu or cuda")
      ->capture_default_str()
      ->type_name("D");
  command->add_flag("--json", options->json, "the same as JSON");
  command->callback([options, &verb] { verb = [options] { return run(*options); }; });
}

}  // namespace titrate
