"""Forms for what is no paragraph: the header of a page, and the entries of the files of facts."""
