"""One run from its plan to its report: which days, who works on them, what is said of it."""
