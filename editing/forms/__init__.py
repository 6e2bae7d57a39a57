"""Forms for everything but paragraphs: the header of a page, and the entries of the files of facts."""
