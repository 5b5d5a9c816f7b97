// Places where a test can make something go wrong, so that what follows is tested with real processes.
//
// TITRATE_FAULT=RANK:SITE:NTH:ACTION, and only with TITRATE_TEST=1: the NTH time (from 1; 0: each time) that
// world rank RANK (*: every one) comes to SITE, it does ACTION:
//   kill     ends the process as kill -9 does
//   stop     stops it as SIGSTOP does
//   hang     the thread that came there does nothing more
//   segv     a segmentation fault
//   exit0    leaves without a word, with 0
//   throw    throws Error (failed)
//   enospc   throws Error (io), as for a full disk
//   nan      fault_at() returns true, and the caller makes a number no number
// What is none of these ends the process with 2 at the first site.
#pragma once

namespace titrate {

// Cheap where nothing is asked for. Thread-safe.
bool fault_at(const char* site);

}  // namespace titrate
