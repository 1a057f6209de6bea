#!/bin/sh
# Stain normalisation of a folder of pictures: every picture gets the stain of a reference.
#
# It needs a folder of H&E patches of one size (PNG, JPEG, TIFF ...). Folders in it may be hospitals; a CSV works too.
#
# Run it in a clone of Eosin: sh examples/normalise-folder.sh
set -eu
mkdir normalise-folder
cd normalise-folder # everything is written there

# 1. Stand-ins for your files: synthetic patches of two hospitals as PNG files, in pictures/one and pictures/two.
npx eosin patches make data --train 1 --val 60 --test 60
npx eosin stain fit data/val.h5 --method none --out none.json
npx eosin stain apply data/val.h5 --fit none.json --out pictures/one
npx eosin stain apply data/test.h5 --fit none.json --out pictures/two

# 2. How the folders are read, and which picture is a typical reference.
npx eosin patches info pictures
npx eosin stain advise pictures --center one

# 3. The reference: Macenko's method, fitted on 32 pictures of the first hospital.
npx eosin stain fit pictures --method macenko --center one --count 32 --out reference.json

# 4. All pictures, normalised: the same names in another folder, and how many were normalised by their own fit (ok), by
#    that of their hospital (fallback), or were left as they are (passthrough, rejected).
npx eosin stain apply pictures --fit reference.json --out normalised

# 5. A page that shows methods side by side, with what each keeps of the structure and how near it brings the hospitals.
npx eosin stain compare pictures --methods none macenko reinhard --center one --out compare.html

echo 'The pictures are in normalise-folder/normalised. Open normalise-folder/compare.html in a browser.'
