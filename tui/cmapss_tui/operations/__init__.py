"""Operations as the console and the verbs see them: plans that were begun, here or anywhere on this machine."""
