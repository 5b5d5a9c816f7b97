// The signals of a Watchdog, and what their handlers leave for it to see.
#pragma once

namespace titrate::comm {

// Counts USR1 and USR2 instead of ending the process.
void count_stop_signals();
int stop_signals();

// Keeps TERM or INT instead of ending the process; a second one, a moment later, ends it at
// once. Until default_end_signals().
void keep_end_signals();
void default_end_signals();
int end_signal();  // 0: none

}  // namespace titrate::comm
