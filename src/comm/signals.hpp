// The signal handlers of a Watchdog, and what they leave for it to see.
#pragma once

namespace titrate::comm {

// Counts USR1 and USR2 instead of ending the process.
void count_stop_signals();
int stop_signals();

// Until default_end_signals(), the first TERM or INT is kept and does not end the process. A second one, a
// moment later, ends it at once.
void keep_end_signals();
void default_end_signals();
int end_signal();  // 0: none

}  // namespace titrate::comm
