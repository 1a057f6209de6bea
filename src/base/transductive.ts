// The sentence that stands wherever something was made with a stain that was fitted on the test split.

/** What "transductive" means for whoever reads figures. */
export const transductiveNote =
  'Transductive: the stain was fitted on unlabelled patches of the test split, so that test figures are not those of an unseen center.'
