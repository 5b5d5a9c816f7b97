// The scores of one test, class by class: what scikit-learn's classification_report says of the same images,
// for who reads such reports or has programs that do.
//
// `confusion` is a flat [true class][predicted class] matrix of as many classes as `names` has; names are
// UTF-8. As in scikit-learn without `labels`, a class that is neither the truth nor the prediction of any
// image is left out. scikit-learn has no report of no images; here it is one without classes whose numbers
// are 0.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace titrate::report {

// classification_report(y_true, y_pred, target_names=names, digits=2, zero_division=0) to the byte.
std::string classification_text(std::span<const std::uint64_t> confusion, std::span<const std::string> names);

// The same with output_dict=True, as JSON that ends in a line end: equal keys in equal order, and numbers
// that read back as equal doubles. As in a Python dict, the last of several equal names stands, a class
// called "macro avg" too.
std::string classification_json(std::span<const std::uint64_t> confusion, std::span<const std::string> names);

}  // namespace titrate::report
