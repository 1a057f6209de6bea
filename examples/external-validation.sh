#!/bin/sh
# External validation: how accurate is a finished run on patches of a hospital that it has never seen?
#
# It needs the folder of a run (eosin study run), patches of the new hospital, and their labels, in the patches' own
# file or in a CSV (id, label, slide ...). The patches must show as much tissue as those of the training; where they
# have more or fewer pixels, eosin predict takes --resize.
#
# Run it in a clone of Eosin: sh examples/external-validation.sh
set -eu
mkdir external-validation
cd external-validation # everything is written there

# 1. Stand-ins for your files: a run that was trained on four synthetic hospitals, and 200 patches of a fifth, without
#    labels, in data/test.h5. Their labels and slides are in data/test_truth.csv.
npx eosin patches make data --train 300 --val 120 --test 200
cat > recipe.yaml <<'END'
name: finished
seeds: 2
data:
  train: { path: data/train.h5 } # hospitals 0, 3 and 4
  val: { path: data/val.h5 } # hospital 1
stain: [none, grayscale]
embed: [texture]
classify: [logistic]
END
npx eosin study run recipe.yaml

# 2. The new patches must have nothing in common with those of the training: exit code 1 where they have.
npx eosin patches check data/train.h5 data/val.h5 data/test.h5

# 3. The combination that the run selected predicts the new patches. Nothing is fitted on them, except that a patch with
#    too little tissue takes the stain of its slide or center.
npx eosin predict data/test.h5 --run runs/finished --out predictions.csv

# 4. Metrics with 95 % intervals, which leave out each slide in turn; with --json for other programs.
npx eosin evaluate predictions.csv --labels data/test_truth.csv
npx eosin evaluate predictions.csv --labels data/test_truth.csv --json > evaluation.json

echo 'external-validation/evaluation.json has all metrics, by slide too.'
