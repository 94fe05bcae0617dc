"""Why is this value odd? Candidate explanations, each with what speaks for it, most plausible first.

``observing`` says how odd a value is and what its neighbours show; ``causes`` weighs explanations; ``wording`` says
them in the languages of the platform. The weights order candidates; they are no probabilities.
"""
