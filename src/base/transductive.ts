// What holds wherever something was made with unlabelled patches of the test split: the sentence that says so, and how many
// patches it takes.

/** What "transductive" means for whoever reads figures. */
export const transductiveNote =
  'Transductive: unlabelled patches of the center that is predicted have a part in it, so that its test figures are not those of an unseen center.'

/** Patches that a center needs, at least, for its statistics to say something. */
export const leastPatches = 16
