#!/usr/bin/env bash
# From nothing to a report: sets up what is missing, builds, packs a dataset and sweeps a small study on all cores.
#
#   bash launch/quickstart.sh          digits that titrate draws itself
#   bash launch/quickstart.sh DIR      your own digits: a folder with MNIST-style IDX files (train-images-idx3-ubyte[.gz],
#                                      ...), 28 x 28, classes 0 to 9, 3,000 training images or more
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$repo/launch/common.sh"

(($# <= 1)) || fail "one argument at most: the folder with IDX files"
study=quickstart
name=quickstart
data=''
pack_options=()
inputs=''
if (($# == 1)); then
  [[ -d $1 ]] || fail "$1 is not a folder; expected one with MNIST-style IDX files"
  data=$(cd "$1" && pwd)
  inputs=$(cd "$data" && stat -c '# %n %s bytes %y' -- *idx[13]-ubyte* 2>/dev/null) ||
    fail "$data holds no IDX file; expected train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz] and t10k-... of both"
  study=quickstart-idx
  name=quickstart-$(basename "$data")
  pack_options=(--data-root "$data")
fi
studies=$repo/launch/studies/$study
dataset=$repo/datasets/$name
run=$repo/runs/$name

# A note beside the dataset says what it was packed from: where the images are, then what else the next start compares.
note=$dataset.packed_from
origin="# ${data:-drawn}"
if [[ -e $dataset ]]; then
  [[ -e $note ]] || fail "$dataset is there, but quickstart did not pack it; move it away"
  noted=$(head -n 1 "$note")
  [[ $noted == "$origin" ]] ||
    fail "$dataset was packed from ${noted#\# }, not from ${origin#\# }; move it and $run away, or rename the folder with the images"
  pack_options+=(--force)
fi

bash "$repo/launch/setup.sh"
say "quickstart: building (minutes the first time)"
mkdir -p "$repo/build"
if ! bash "$repo/launch/build.sh" >"$repo/build/quickstart.log" 2>&1; then
  tail -n 30 "$repo/build/quickstart.log" >&2
  fail "the build failed (all of it in build/quickstart.log)"
fi

packed_from=$(printf '%s\n' "$origin" "$inputs" | sed '/^$/d' && cat "$studies/recipe.toml")
if [[ -e $note && $(cat "$note") == "$packed_from" ]] && "$repo/build/titrate-prep" verify "$dataset" >/dev/null; then
  say "quickstart: $dataset is there"
else
  mkdir -p "$repo/datasets"
  printf '%s\n' "$origin" >"$note"  # so that the next start knows its own if packing is cut short
  "$repo/build/titrate-prep" pack "$studies/recipe.toml" --out "$dataset" "${pack_options[@]}"
  printf '%s\n' "$packed_from" >"$note"
fi

bash "$repo/launch/run_local.sh" sweep "$studies/study.toml" --dataset "$dataset" --out "$run"
echo "$run/report.html"
