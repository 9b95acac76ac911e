"""One module a verb: what it takes (`add_arguments`), and what it does (`run`)."""
