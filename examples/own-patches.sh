#!/bin/sh
# A study on your own pictures: which stain method and which head generalise best to another hospital?
#
# It needs pictures of one size (PNG, JPEG, TIFF ...) and a CSV with a row for each: path, label, hospital and, where
# known, slide and patient. Columns and labels may have any names. Patches of three hospitals or more are best: most
# train, one validates, one tests.
#
# Run it in a clone of Eosin: sh examples/own-patches.sh
set -eu
mkdir own-patches
cd own-patches # everything is written there

# 1. Stand-ins for your files: 420 synthetic patches of five hospitals as PNG files, and list.csv, which names them.
npx eosin patches make data --train 240 --val 90 --test 90
npx eosin stain fit data/train.h5 --method none --out none.json
echo 'image;diagnosis;hospital;wsi' > list.csv
for split in train val test; do
  npx eosin stain apply data/$split.h5 --fit none.json --out pictures/$split
  awk -F, -v folder="pictures/$split" 'NR > 1 {
    print folder "/" $1 ".png;" ($2 == 1 ? "carcinoma" : "normal") ";" $3 ";" $4
  }' data/${split}_truth.csv >> list.csv
done

# 2. How Eosin reads the list: hospitals, slides and labels are counted. Compare these numbers with your own.
npx eosin patches info list.csv --columns path=image,label=diagnosis,center=hospital,slide=wsi \
  --label-names carcinoma=1

# 3. The study. All three splits come from the one list, by hospital.
cat > recipe.yaml <<'END'
name: own-patches
seeds: 2
data:
  train:
    path: list.csv
    centers: [0, 3, 4]
    columns: &columns { path: image, label: diagnosis, center: hospital, slide: wsi }
    labelNames: &words { carcinoma: 1 }
    origin: synthetic # write real where the pictures are of patients
  val: { path: list.csv, centers: [1], columns: *columns, labelNames: *words, origin: synthetic }
  test: { path: list.csv, centers: [2], columns: *columns, labelNames: *words, origin: synthetic }
stain: [none, macenko]
embed: [texture]
classify: [logistic, mlp]
END
npx eosin study plan recipe.yaml
npx eosin study run recipe.yaml

echo 'Open own-patches/runs/own-patches/report.html in a browser.'
