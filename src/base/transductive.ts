// The sentence that stands wherever something was made with unlabelled patches of the test split.

/** What "transductive" means for whoever reads figures. */
export const transductiveNote =
  'Transductive: unlabelled patches of the center that is predicted have a part in it, so that its test figures are not those of an unseen center.'
