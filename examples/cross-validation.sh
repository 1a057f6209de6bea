#!/bin/sh
# Cross-validation by patient: how accurate is a head on patients that it was not trained on?
#
# It needs patches with labels, and a CSV that names the patient of each patch by its id. Slides of one patient resemble
# each other: a cross-validation that deals patches or slides gives an accuracy that is too high.
#
# Run it in a clone of Eosin: sh examples/cross-validation.sh
set -eu
mkdir cross-validation
cd cross-validation # everything is written there

# 1. Stand-ins for your files: 300 synthetic patches of 30 slides, and patients.csv, which gives each patient two slides.
npx eosin patches make data --train 300 --val 1 --test 1
awk -F, 'NR == 1 { print "id,patient" } NR > 1 { print $1 ",patient-" int($4 / 2) }' data/train_truth.csv > patients.csv

# 2. Embeddings, computed once. Another extractor is named with --extractor; embeddings of other programs may be given
#    to the next command as .npy, CSV or Parquet.
npx eosin embed data/train.h5 --out embeddings

# 3. Patients are dealt into five folds, each of which is predicted by heads that have not seen its patients. A second
#    fold stops the training, so that no label of the predicted fold takes part. Several heads are compared by paired
#    tests.
npx eosin classify embeddings --labels patients.csv --leave-out patient --folds 5 --head logistic knn

# 4. All metrics of one head, over all patients together.
npx eosin evaluate leave-out/predictions.csv --column logistic

echo 'cross-validation/leave-out has the predictions of every head, and all that was printed as JSON.'
