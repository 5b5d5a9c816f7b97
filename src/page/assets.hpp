// What every page has inside it.
#pragma once

namespace titrate::page {

extern const char* const kPageStyle;   // what stands in <style>
extern const char* const kPageScript;  // shows the confusion matrix and the learning curve of the chosen cell

}  // namespace titrate::page
